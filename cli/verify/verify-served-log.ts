/** Verifies the log of a namespace against its signatures, the witness, and what this user saw of it before. */
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { Recount } from '#domain/ledger/verify/recount.ts';
import type { VerificationReport } from '#domain/ledger/verify/verification-report.ts';
import { verifyLedger } from '#domain/ledger/verify/verify-ledger.ts';
import {
  type Checkpoint,
  maySpeakFor,
  openCheckpoint,
  readUntrustedCheckpoint,
} from '#domain/transparency/checkpoint.ts';
import type { VerifierKey } from '#domain/transparency/note-keys.ts';
import { MalformedNoteError, UntrustedNoteError } from '#domain/transparency/signed-note.ts';
import type { CommandContext } from '../command-context.ts';
import type { LedgerAccess } from '../connection/connect.ts';
import { CommandError } from '../exit-codes.ts';
import { KnownKeys, type KnownLedger, parseKeys } from './known-keys.ts';
import { LogRecording } from './saved-log.ts';
import {
  askForCheckpoint,
  askForKeys,
  askWitness,
  entriesFrom,
  entriesServed,
  tilesServed,
} from './served-log.ts';
import { type ComparedRows, compareServedRows } from './served-rows.ts';

export interface KeyFlags {
  readonly ledgerKey: readonly string[];
  readonly witnessKey: readonly string[];
}

export interface Verified {
  readonly namespace: string;
  readonly origin: string;
  /** Against which checkpoints of a witness it was held; absent: none was asked. */
  readonly witness?: string;
  readonly ledgerKeys: readonly string[];
  readonly witnessKeys: readonly string[];
  readonly report: VerificationReport;
  /** Absent: they were not asked for, or the log is not what was signed. */
  readonly rows?: ComparedRows;
}

export async function verifyServedLog(
  access: LedgerAccess,
  namespace: string,
  flags: KeyFlags & { readonly witness?: string; readonly save?: string },
  context: CommandContext,
): Promise<Verified> {
  const { reader } = access;
  const known = await KnownKeys.read(context.environment);
  const keys = await trustedKeys(access, flags, known, context);
  const checkpoint = await askForCheckpoint(reader, namespace);
  const { origin } = readCheckpoint(checkpoint);
  const logs = parseKeys(keys.logs, 'A key of the ledger');
  requireOriginOf(origin, namespace, logs);
  const size = sizeSigned(checkpoint, logs);
  const seen = await seenByWitness(access, origin, flags.witness, context);
  const before = known.of(access.where)?.checkpoints[origin];
  const otherCheckpoints = [...(seen?.checkpoints ?? []), ...(before === undefined ? [] : [before])];
  const recording = new LogRecording();
  const recount = new Recount();
  const within = withinTime(reader, size);
  const entries = recount.entries(entriesServed(within, namespace, size));
  const readTile = tilesServed(within, namespace, size);
  const isSaved = flags.save !== undefined;
  const report = await verifyLedger({
    origin,
    namespace,
    entries: isSaved ? recording.entries(entries) : entries,
    readTile: isSaved ? recording.tiles(readTile) : readTile,
    checkpoint,
    otherCheckpoints,
    keys: { logs, witnesses: parseKeys(keys.witnesses, 'A key of a witness') },
  });
  if (flags.save !== undefined) await recording.save(flags.save, { namespace, checkpoint, otherCheckpoints });
  const rows = report.isUntouched ? await compareRowsOf(within, namespace, recount, report) : undefined;
  if (report.isUntouched) {
    const checkpoints = { ...known.of(access.where)?.checkpoints, [origin]: checkpoint };
    const pinned = known.of(access.where) ?? { logs: [...keys.logs], witnesses: [...keys.witnesses] };
    await known.remember(access.where, { ...pinned, checkpoints });
  }
  return {
    namespace,
    origin,
    ...(seen !== undefined && { witness: seen.where }),
    ledgerKeys: keys.logs,
    witnessKeys: keys.witnesses,
    report,
    ...(rows !== undefined && { rows }),
  };
}

async function compareRowsOf(
  reader: LedgerReader,
  namespace: string,
  recount: Recount,
  { prunedEntries, entries, entriesBeyondCheckpoint }: VerificationReport,
): Promise<ComparedRows> {
  return await compareServedRows(reader, namespace, recount, async () => {
    const next = prunedEntries + entries + entriesBeyondCheckpoint;
    for await (const { canonical } of entriesFrom(reader, namespace, next)) recount.pass(canonical);
  });
}

/** What a verification may take: a ledger that answers ever so slowly, or without end, is not waited for for ever. */
const LEAST_SECONDS = 600;
const ENTRIES_A_SECOND = 500;
const SIZE_MAXIMUM = 100_000_000;

function withinTime(reader: LedgerReader, size: number): LedgerReader {
  const seconds = LEAST_SECONDS + Math.ceil(Math.min(size, SIZE_MAXIMUM) / ENTRIES_A_SECOND);
  const end = AbortSignal.timeout(seconds * 1000);
  const check = (): void => {
    if (!end.aborted) return;
    throw new LedgerReadError('unreachable', `The ledger did not show its log within ${seconds} s.`);
  };
  return {
    ...reader,
    json: async (path, query, schema) => {
      check();
      return await reader.json(path, query, schema);
    },
    text: async (path, query, maximumBytes) => {
      check();
      return await reader.text(path, query, maximumBytes);
    },
    bytes: async (path, query, maximumBytes) => {
      check();
      return await reader.bytes(path, query, maximumBytes);
    },
  };
}

/** Those of the command line, else those that are pinned, else, said aloud, those that the ledger names. */
async function trustedKeys(
  { reader, where }: LedgerAccess,
  flags: KeyFlags,
  known: KnownKeys,
  { terminal }: CommandContext,
): Promise<Pick<KnownLedger, 'logs' | 'witnesses'>> {
  const given = { logs: [...flags.ledgerKey], witnesses: [...flags.witnessKey] };
  if (given.logs.length > 0) return given;
  const pinned = known.of(where);
  if (pinned !== undefined)
    return { ...pinned, witnesses: given.witnesses.length > 0 ? given.witnesses : pinned.witnesses };
  const told = await askForKeys(reader);
  const trusted = {
    logs: told.logs,
    witnesses: given.witnesses.length > 0 ? given.witnesses : told.witnesses,
  };
  if (trusted.logs.length === 0)
    throw new CommandError('failed', 'The ledger has no key: nothing in it is signed.');
  parseKeys([...trusted.logs, ...trusted.witnesses], 'A key that the ledger names');
  terminal.note(
    `The keys of ${where} are seen for the first time, and trusted from now on (${known.path}). Compare them with those that whoever runs it tells you:\n${[...trusted.logs, ...trusted.witnesses].map((key) => `  ${key}\n`).join('')}`,
  );
  await known.remember(where, { ...trusted, checkpoints: {} });
  return trusted;
}

interface Seen {
  readonly where: string;
  readonly checkpoints: readonly string[];
}

async function seenByWitness(
  access: LedgerAccess,
  origin: string,
  url: string | undefined,
  { terminal }: CommandContext,
): Promise<Seen | undefined> {
  try {
    await using witness = await access.witness(url);
    if (witness === undefined) {
      terminal.note(
        'No witness was asked (--witness names one): that the ledger was rolled back is seen only against what you saw of it before.\n',
      );
      return undefined;
    }
    const { checkpoints } = await askWitness(witness.reader, origin);
    return { where: witness.where, checkpoints };
  } catch (error) {
    if (!(error instanceof LedgerReadError) || url !== undefined) throw error;
    terminal.note(`The witness did not answer: ${error.message}\n`);
    return undefined;
  }
}

/** 0 when no trusted key has signed it: what anybody may have written does not say how long is read. */
function sizeSigned(note: string, logs: readonly VerifierKey[]): number {
  try {
    return openCheckpoint(note, { logs, witnesses: [] }).size;
  } catch (error) {
    if (error instanceof MalformedNoteError || error instanceof UntrustedNoteError) return 0;
    throw error;
  }
}

export function readCheckpoint(note: string): Checkpoint {
  try {
    return readUntrustedCheckpoint(note);
  } catch (error) {
    if (error instanceof MalformedNoteError)
      throw new CommandError('malformed', `The checkpoint is none: ${error.message}`);
    throw error;
  }
}

/** `KEY/NAMESPACE`, or after a loss that somebody accepted `KEY/NAMESPACE/since-TIME`. */
export function requireOriginOf(origin: string, namespace: string, logs: readonly VerifierKey[]): void {
  const isOf = logs.some((key) => {
    const rest = origin.slice(key.name.length + 1);
    return (
      maySpeakFor(key, origin) &&
      (rest === namespace || (rest.startsWith(`${namespace}/since-`) && /-\d+$/.test(rest)))
    );
  });
  if (isOf) return;
  throw new CommandError(
    'failed',
    `The ledger shows a checkpoint of ${origin}, which no trusted key may sign for ${namespace}.`,
  );
}
