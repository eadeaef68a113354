/**
 * verifyLedger: reads the log of one namespace from its first entry to its last and says whether it is what was signed, and
 * where it is not. What is trusted are the keys of log and witnesses, nothing that the ledger serves.
 *
 * Bodies, leaf hashes and upper tiles are three copies of one history. What the signed roots agree with is the truth; what
 * then differs from it was edited, and is named to the entry. When somebody edited all three alike, the signed checkpoints
 * on both sides of the place and the chains of runs still bound it.
 */
import type { TrustedKeys } from '#domain/transparency/checkpoint.ts';
import type { TileReader } from '#domain/transparency/tree-proofs.ts';
import { hashInTile, TILE_WIDTH } from '#domain/transparency/tiles.ts';
import { areEqualHashes, HASH_BYTES, hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { CheckpointsToFit } from './checkpoints-to-fit.ts';
import { readEntry } from './read-entry.ts';
import type { EntryOutline } from './read-entry.ts';
import { RunChains } from './run-chains.ts';
import { EntryCursor } from './served-entries.ts';
import type { ServedEntry } from './served-entries.ts';
import { SourceSequences } from './source-sequences.ts';
import { TreeReplay } from './tree-replay.ts';
import { Findings } from './verification-report.ts';
import type { VerificationReport } from './verification-report.ts';

export interface LedgerToVerify {
  /** Of the checkpoints: name of the ledger's key, `/`, namespace. */
  readonly origin: string;
  readonly namespace: string;
  /** All entries from the first, in the order of their places. Ended (`return`) when the verification ends. */
  readonly entries: AsyncIterable<ServedEntry>;
  /** The tiles that the log serves; undefined for one that it does not have. */
  readonly readTile: TileReader;
  /** The newest checkpoint that the log shows. */
  readonly checkpoint: string;
  /** Any others of the same log: what witnesses hold, and older ones that somebody kept. The more, the closer a place is named. */
  readonly otherCheckpoints: readonly string[];
  readonly keys: TrustedKeys;
}

/** Rejects only with what `entries` and `readTile` reject with: all that the ledger serves is judged, never thrown at. */
export async function verifyLedger(ledger: LedgerToVerify): Promise<VerificationReport> {
  const findings = new Findings();
  const notes = { newest: ledger.checkpoint, others: ledger.otherCheckpoints };
  const checkpoints = new CheckpointsToFit(ledger.origin, notes, ledger.keys, findings);
  await using cursor = new EntryCursor(ledger.entries, findings);
  const verification = new Verification(ledger, checkpoints, findings);
  const size = checkpoints.largestSize;
  for (let start = 0; start < size && !(await cursor.isAtEnd()); start += TILE_WIDTH) {
    await verification.passTile(start, Math.min(TILE_WIDTH, size - start), cursor);
  }
  return await verification.finish(cursor);
}

class Verification {
  readonly #ledger: LedgerToVerify;
  readonly #checkpoints: CheckpointsToFit;
  readonly #findings: Findings;
  readonly #tree: TreeReplay;
  readonly #chains: RunChains;
  readonly #sources = new SourceSequences();
  #bodies = 0;
  #pruned = 0;
  #missingFrom: number | undefined;

  constructor(ledger: LedgerToVerify, checkpoints: CheckpointsToFit, findings: Findings) {
    this.#ledger = ledger;
    this.#checkpoints = checkpoints;
    this.#findings = findings;
    this.#tree = new TreeReplay(checkpoints, findings);
    this.#chains = new RunChains(findings);
  }

  async passTile(start: number, width: number, cursor: EntryCursor): Promise<void> {
    const served = await this.#ledger.readTile({ level: 0, index: start / TILE_WIDTH, width });
    const kept = served !== undefined && served.length >= width * HASH_BYTES ? served : undefined;
    let isCutOff = false;
    for (let place = 0; place < width; place += 1) {
      const index = start + place;
      const entry = await cursor.at(index);
      isCutOff = entry === undefined && (await cursor.isAtEnd());
      if (isCutOff) break;
      this.#passPlace(index, entry, kept === undefined ? undefined : hashInTile(kept, place));
    }
    if (kept === undefined && !isCutOff) {
      this.#findings.add({
        code: 'tile_missing',
        firstIndex: start,
        lastIndex: start + width - 1,
        message: `The tile with the hashes of entries ${start} to ${start + width - 1} is missing or too short.`,
      });
    }
    this.#tree.endOfTile();
  }

  async finish(cursor: EntryCursor): Promise<VerificationReport> {
    this.#endMissing(this.#tree.size);
    await this.#tree.finish(this.#ledger.readTile);
    const entriesBeyondCheckpoint = await cursor.countRest();
    this.#checkpoints.report(cursor.places);
    this.#sources.report(this.#findings);
    const witnessed = this.#checkpoints.witnessed();
    return {
      ...this.#findings.summary(),
      size: this.#checkpoints.newestSize,
      witnessedSize: witnessed.size,
      witnessedAtSeconds: witnessed.atSeconds,
      entries: this.#bodies,
      prunedEntries: this.#pruned,
      entriesBeyondCheckpoint,
      runs: this.#chains.size,
      declaredGaps: this.#sources.declaredGaps,
    };
  }

  #passPlace(index: number, entry: ServedEntry | undefined, kept: Uint8Array | undefined): void {
    if (entry !== undefined) this.#endMissing(index);
    if (entry?.canonical !== undefined) {
      this.#passBody(index, entry.canonical, kept);
      return;
    }
    const isPruned = entry !== undefined && this.#bodies === 0 && this.#missingFrom === undefined;
    if (isPruned) {
      this.#pruned += 1;
      this.#sources.passPruned();
    } else {
      this.#missingFrom ??= index;
      this.#sources.passUnreadable();
    }
    if (kept !== undefined) this.#chains.passUnreadable(kept);
    this.#tree.append(undefined, kept);
  }

  #passBody(index: number, canonical: string, kept: Uint8Array | undefined): void {
    this.#bodies += 1;
    const read = readEntry(canonical);
    const leafHash = hashLeaf(canonical);
    if (kept !== undefined && !areEqualHashes(kept, leafHash)) {
      this.#tree.append(leafHash, kept, read);
      // Who of the two is wrong says a root later; the chain goes through the true one.
      this.#chains.passUnreadable(kept);
      this.#chains.passUnreadable(leafHash);
      this.#sources.passUnreadable();
      return;
    }
    this.#tree.append(leafHash, kept);
    if (read.outline === undefined) this.#reportMalformed(index, read.problem);
    else this.#passOutline(index, read.outline, leafHash);
  }

  #passOutline(index: number, outline: EntryOutline, leafHash: Uint8Array): void {
    const { namespace, id } = outline.record;
    if (outline.index !== index) this.#reportMalformed(index, `says that it is entry ${outline.index}`, id);
    if (namespace !== this.#ledger.namespace)
      this.#reportMalformed(index, `is of the namespace ${namespace}`, id);
    this.#chains.pass(outline, leafHash, index);
    this.#sources.pass(outline, index);
  }

  #reportMalformed(index: number, problem: string, recordId?: string): void {
    this.#findings.add({
      code: 'entry_malformed',
      firstIndex: index,
      lastIndex: index,
      ...(recordId === undefined ? {} : { recordId }),
      message: `Entry ${index} ${problem}.`,
    });
  }

  #endMissing(end: number): void {
    const first = this.#missingFrom;
    if (first === undefined) return;
    this.#missingFrom = undefined;
    this.#findings.add({
      code: 'entry_missing',
      firstIndex: first,
      lastIndex: end - 1,
      message:
        first === end - 1 ? `Entry ${first} is missing.` : `Entries ${first} to ${end - 1} are missing.`,
    });
  }
}
