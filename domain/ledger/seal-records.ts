/**
 * Makes entries of records: numbers them in the trees of their namespaces, links them in the chains of their runs, and
 * writes them down as what is hashed. Pure, and the only place where entries are made: for the same records in the same
 * order every store holds the same bytes.
 */
import { canonicalJson, sha256Hex } from '#domain/canonical-json/canonical-json.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { ENTRY_MAXIMUM_BYTES, FIRST_OF_CHAIN } from './ledger-entry.ts';
import type { LedgerEntry, Trust } from './ledger-entry.ts';
import type { LedgerRecord } from './ledger-record.ts';

/** A record with what the ledger itself knows about it. */
export interface ToldRecord {
  readonly record: LedgerRecord;
  readonly reporter: string;
  readonly trust: Trust;
}

export interface ChainHead {
  /** Of the last record of the run. */
  readonly sequence: number;
  /** Its leaf hash in hexadecimal. */
  readonly leafHash: string;
}

export interface KnownRecord {
  readonly position: number;
  readonly index: number;
  readonly contentDigest: string;
}

/** What is written already, as of the batch's transaction. */
export interface SealingHeads {
  readonly lastPosition: number;
  readonly treeSize: (namespace: string) => number;
  readonly chainHead: (namespace: string, runId: string) => ChainHead | undefined;
  readonly knownRecord: (namespace: string, recordId: string) => KnownRecord | undefined;
  /** The agent that was the first to tell something of the run itself; undefined while none has. */
  readonly runOwner: (namespace: string, runId: string) => string | undefined;
}

export interface SealedEntry<Told extends ToldRecord = ToldRecord> {
  readonly position: number;
  readonly told: Told;
  readonly entry: LedgerEntry;
  /** Of the entry: what is hashed, as UTF-8. */
  readonly canonical: string;
  readonly leafHash: Uint8Array;
  /** SHA-256 in hexadecimal of the record's canonical JSON: tells a record told again from another with its id. */
  readonly contentDigest: string;
}

export type SealingOutcome =
  | { readonly kind: 'written'; readonly position: number; readonly index: number }
  | { readonly kind: 'duplicate'; readonly position: number; readonly index: number }
  | {
      readonly kind: 'refused';
      readonly code: 'record_conflict' | 'record_too_large' | 'record_not_allowed';
      readonly message: string;
    };

export interface SealedBatch<Told extends ToldRecord> {
  /** In the order of their positions, which follow each other. */
  readonly entries: readonly SealedEntry<Told>[];
  /** One for each record of the batch, in its order. */
  readonly outcomes: readonly SealingOutcome[];
}

export function sealRecords<Told extends ToldRecord>(
  batch: readonly Told[],
  heads: SealingHeads,
  receivedAtMicroseconds: number,
): SealedBatch<Told> {
  const progress = new SealingProgress(heads);
  const entries: SealedEntry<Told>[] = [];
  const outcomes = batch.map((told): SealingOutcome => {
    const { namespace, id } = told.record;
    const canonicalRecord = canonicalJson(told.record);
    const contentDigest = sha256Hex(canonicalRecord);
    const known = progress.knownRecord(namespace, id);
    if (known !== undefined) return knownOutcome(told.record, known, contentDigest);
    if (progress.isOfAnother(told.record)) return notAllowed(told.record);
    const chain = progress.nextInChain(told.record);
    const index = progress.treeSize(namespace);
    const { reporter, trust, record } = told;
    const entry: LedgerEntry = {
      version: 1,
      index,
      receivedAtMicroseconds,
      reporter,
      trust,
      ...(chain === undefined ? {} : { chain }),
      record,
    };
    const canonical = canonicalEntry(entry, canonicalRecord);
    const bytes = Buffer.byteLength(canonical, 'utf8');
    if (bytes > ENTRY_MAXIMUM_BYTES) return tooLarge(told.record, bytes);
    const position = progress.lastPosition + 1;
    const leafHash = hashLeaf(canonical);
    entries.push({ position, told, entry, canonical, leafHash, contentDigest });
    progress.take(entry, position, leafHash, contentDigest);
    return { kind: 'written', position, index };
  });
  return { entries, outcomes };
}

/** canonicalJson(entry), with the record in it not written a second time: it is nearly all of the entry. */
function canonicalEntry(entry: LedgerEntry, canonicalRecord: string): string {
  const { chain, index, receivedAtMicroseconds, reporter, trust, version } = entry;
  const chained = chain === undefined ? '' : `"chain":${canonicalJson(chain)},`;
  return (
    `{${chained}"index":${index},"receivedAtMicroseconds":${receivedAtMicroseconds},"record":${canonicalRecord},` +
    `"reporter":${JSON.stringify(reporter)},"trust":"${trust}","version":${version}}`
  );
}

function knownOutcome(record: LedgerRecord, known: KnownRecord, contentDigest: string): SealingOutcome {
  if (known.contentDigest === contentDigest) {
    return { kind: 'duplicate', position: known.position, index: known.index };
  }
  return {
    kind: 'refused',
    code: 'record_conflict',
    message: `Record ${record.id} of namespace ${record.namespace} was written before with another content: give every record an id of its own.`,
  };
}

function notAllowed(record: LedgerRecord): SealingOutcome {
  return {
    kind: 'refused',
    code: 'record_not_allowed',
    message: `Run ${runIdOf(record)} of namespace ${record.namespace} is the run of another agent: give every run an id of its own.`,
  };
}

function tooLarge(record: LedgerRecord, bytes: number): SealingOutcome {
  return {
    kind: 'refused',
    code: 'record_too_large',
    message: `Record ${record.id} of namespace ${record.namespace} would be an entry of ${bytes} bytes, and an entry has at most ${ENTRY_MAXIMUM_BYTES}: tell less in it, texts stand beside a record.`,
  };
}

/** The heads as they move on while a batch is sealed. */
class SealingProgress {
  readonly #heads: SealingHeads;
  readonly #treeSizes = new Map<string, number>();
  readonly #chainHeads = new Map<string, ChainHead>();
  readonly #written = new Map<string, KnownRecord>();
  readonly #owners = new Map<string, string>();
  lastPosition: number;

  constructor(heads: SealingHeads) {
    this.#heads = heads;
    this.lastPosition = heads.lastPosition;
  }

  treeSize(namespace: string): number {
    let size = this.#treeSizes.get(namespace);
    if (size === undefined) {
      size = this.#heads.treeSize(namespace);
      this.#treeSizes.set(namespace, size);
    }
    return size;
  }

  knownRecord(namespace: string, recordId: string): KnownRecord | undefined {
    return this.#written.get(within(namespace, recordId)) ?? this.#heads.knownRecord(namespace, recordId);
  }

  /** Decided within the transaction: two agents that tell of one run in the same moment cannot both own it. */
  isOfAnother(record: LedgerRecord): boolean {
    const teller = tellingAgentOf(record);
    const runId = runIdOf(record);
    if (teller === undefined || runId === undefined) return false;
    const owner =
      this.#owners.get(within(record.namespace, runId)) ?? this.#heads.runOwner(record.namespace, runId);
    return owner !== undefined && owner !== teller;
  }

  nextInChain(record: LedgerRecord): LedgerEntry['chain'] {
    const runId = runIdOf(record);
    if (runId === undefined) return undefined;
    const key = within(record.namespace, runId);
    const head = this.#chainHeads.get(key) ?? this.#heads.chainHead(record.namespace, runId);
    if (head === undefined) return { sequence: 0, previous: FIRST_OF_CHAIN };
    this.#chainHeads.set(key, head);
    return { sequence: head.sequence + 1, previous: head.leafHash };
  }

  take(entry: LedgerEntry, position: number, leafHash: Uint8Array, contentDigest: string): void {
    const { record, index, chain } = entry;
    this.lastPosition = position;
    this.#treeSizes.set(record.namespace, index + 1);
    this.#written.set(within(record.namespace, record.id), { position, index, contentDigest });
    const runId = runIdOf(record);
    if (chain !== undefined && runId !== undefined) {
      const hash = Buffer.from(leafHash).toString('hex');
      this.#chainHeads.set(within(record.namespace, runId), { sequence: chain.sequence, leafHash: hash });
      const teller = tellingAgentOf(record);
      if (teller !== undefined) this.#owners.set(within(record.namespace, runId), teller);
    }
  }
}

export function runIdOf(record: LedgerRecord): string | undefined {
  return 'run' in record ? record.run?.id : undefined;
}

export function agentNameOf(record: LedgerRecord): string | undefined {
  return 'agent' in record ? record.agent?.name : undefined;
}

/**
 * The agent that tells of itself; undefined for what the platform tells. A run belongs to the agent that tells of it first:
 * the router tells of whichever run an agent names in its requests, and that makes nobody an owner.
 */
export function tellingAgentOf(record: LedgerRecord): string | undefined {
  const { process } = record.source;
  return process === 'agent-runtime' || process === 'external' ? agentNameOf(record) : undefined;
}

/** Neither namespaces nor ids have a space in them. */
function within(namespace: string, id: string): string {
  return `${namespace} ${id}`;
}
