/** What verifyLedger answers: how far the ledger is proven, and each place where it is not. */

export const FINDINGS = {
  checkpoint_untrusted: 'A checkpoint cannot be read, or no trusted key has signed it.',
  entry_edited: 'The body of an entry is not the one that was signed.',
  entry_misplaced:
    'Another entry stands in the place of this one: swapped, inserted, or moved up after one was dropped.',
  entry_missing:
    'An entry that was signed is not there, and is not among the oldest whose bodies were pruned.',
  entry_repeated: 'An entry is served again, or out of order.',
  entry_malformed: 'An entry was signed although it is not canonical JSON of the shape of entries.',
  leaf_hash_edited: 'The entry is the one that was signed; the hash that is kept for it is not.',
  tile_differs: 'Hashes that are kept for a range of entries are not those of the entries.',
  tile_missing: 'A tile of hashes is not there.',
  root_differs: 'The tree does not have the root that was signed; the place lies between two checkpoints.',
  chain_broken: 'A record does not follow the one of its run that it says it follows.',
  truncated: 'The ledger ends before the entries that it has signed.',
  rolled_back: 'The ledger shows less than a witness has seen of it.',
  forked: 'The log has signed, or a witness has seen, another history than this one.',
  run_incomplete: 'A run ended with more records than there are of it.',
  source_gap: 'A process counted records that are not here, and no gap record says so.',
} as const;
export type FindingCode = keyof typeof FINDINGS;

/** Lost on the way to the ledger: nobody has touched what was written. All other findings are of tampering. */
export const LOSSES: ReadonlySet<FindingCode> = new Set<FindingCode>(['run_incomplete', 'source_gap']);

export interface Finding {
  readonly code: FindingCode;
  /** The entry, or the first and last of those among which it is. Absent of what concerns the log as a whole. */
  readonly firstIndex?: number;
  readonly lastIndex?: number;
  readonly recordId?: string;
  readonly runId?: string;
  /** One sentence: what is wrong and where. */
  readonly message: string;
}

export interface VerificationReport {
  /** Neither edited, dropped, inserted, swapped, truncated, rolled back nor forked, up to `size`. */
  readonly isUntouched: boolean;
  /** Untouched, and nothing was lost on the way either. */
  readonly isWhole: boolean;
  /** Entries under the newest checkpoint that the log has signed. */
  readonly size: number;
  /** Entries under the newest checkpoint that a trusted witness has signed and that fits: what comes after them, who holds the log's key could still write anew. */
  readonly witnessedSize: number;
  readonly witnessedAtSeconds: number | undefined;
  /** Bodies that were read. */
  readonly entries: number;
  /** Entries whose body is gone by retention; their hashes are in the tree. */
  readonly prunedEntries: number;
  /** Written since the newest checkpoint: nothing vouches for them yet. */
  readonly entriesBeyondCheckpoint: number;
  readonly runs: number;
  /** Gap records: losses that the ledger itself tells. */
  readonly declaredGaps: number;
  /** The first FINDINGS_MAXIMUM by their place in the log. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
}

export const FINDINGS_MAXIMUM = 1000;

/** Collects findings in bounded memory. */
export class Findings {
  readonly #kept: Finding[] = [];
  #count = 0;
  #hasTampering = false;
  #hasLoss = false;

  add(finding: Finding): void {
    this.#count += 1;
    if (LOSSES.has(finding.code)) this.#hasLoss = true;
    else this.#hasTampering = true;
    // What concerns the log as a whole is said even after a thousand places.
    if (this.#kept.length < FINDINGS_MAXIMUM || finding.firstIndex === undefined) this.#kept.push(finding);
  }

  summary(): Pick<VerificationReport, 'isUntouched' | 'isWhole' | 'findings' | 'findingCount'> {
    const findings = this.#kept.toSorted((one, other) => (one.firstIndex ?? -1) - (other.firstIndex ?? -1));
    return {
      isUntouched: !this.#hasTampering,
      isWhole: !this.#hasTampering && !this.#hasLoss,
      findings,
      findingCount: this.#count,
    };
  }
}
