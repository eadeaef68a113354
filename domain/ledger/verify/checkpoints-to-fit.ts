/** The signed checkpoints that a tree must fit, and what it means when it does not. */
import { openCheckpoint } from '#domain/transparency/checkpoint.ts';
import type { OpenedCheckpoint, TrustedKeys } from '#domain/transparency/checkpoint.ts';
import { MalformedNoteError, UntrustedNoteError } from '#domain/transparency/signed-note.ts';
import { areEqualHashes, EMPTY_TREE_ROOT } from '#domain/transparency/tree-hashes.ts';
import type { Findings } from './verification-report.ts';

export class CheckpointsToFit {
  readonly #findings: Findings;
  /** By their sizes. */
  readonly #checkpoints: readonly OpenedCheckpoint[];
  readonly #newest: OpenedCheckpoint | undefined;
  readonly #fitting = new Set<OpenedCheckpoint>();
  readonly #unfitting = new Set<OpenedCheckpoint>();

  constructor(
    origin: string,
    notes: { readonly newest: string; readonly others: readonly string[] },
    keys: TrustedKeys,
    findings: Findings,
  ) {
    this.#findings = findings;
    this.#newest = this.#open(origin, notes.newest, keys);
    const others = notes.others.map((note) => this.#open(origin, note, keys));
    this.#checkpoints = [this.#newest, ...others]
      .filter((checkpoint) => checkpoint !== undefined)
      .toSorted((one, other) => one.size - other.size);
    this.judge(0, EMPTY_TREE_ROOT);
  }

  /** How far entries are looked at: 0 without a checkpoint that can be trusted, for then nothing vouches for any. */
  get largestSize(): number {
    return this.#checkpoints.at(-1)?.size ?? 0;
  }

  get newestSize(): number {
    return this.#newest?.size ?? 0;
  }

  /** Sizes after `from` up to `to` at which something was signed, each once. */
  sizesWithin(from: number, to: number): readonly number[] {
    return [
      ...new Set(this.#checkpoints.map(({ size }) => size).filter((size) => size > from && size <= to)),
    ];
  }

  /** Whether all that was signed of this size is this root. */
  judge(size: number, root: Uint8Array): boolean {
    let isFit = true;
    for (const checkpoint of this.#checkpoints.filter((each) => each.size === size)) {
      const fits = areEqualHashes(checkpoint.root, root);
      (fits ? this.#fitting : this.#unfitting).add(checkpoint);
      isFit &&= fits;
    }
    return isFit;
  }

  doesFit(size: number, root: Uint8Array): boolean {
    return this.#checkpoints.some((each) => each.size === size && areEqualHashes(each.root, root));
  }

  /** The largest that a witness has signed and that fits. */
  witnessed(): { readonly size: number; readonly atSeconds: number | undefined } {
    const seen = this.#checkpoints.findLast(
      (each) => this.#fitting.has(each) && each.cosignatures.length > 0,
    );
    const times = (seen?.cosignatures ?? []).map(({ timestampSeconds }) => timestampSeconds ?? 0);
    return { size: seen?.size ?? 0, atSeconds: times.length === 0 ? undefined : Math.max(...times) };
  }

  /** After the last entry: `entries` are how many places the ledger still serves. */
  report(entries: number): void {
    this.#reportUnfitting();
    const largest = this.#checkpoints.at(-1);
    if (largest === undefined) return;
    const witnessed = this.#checkpoints.findLast(({ cosignatures }) => cosignatures.length > 0);
    if (this.#newest !== undefined && largest.size > this.#newest.size) {
      const who = witnessed?.size === largest.size ? 'a witness has seen' : 'the log has signed before';
      this.#findings.add({
        code: 'rolled_back',
        message: `The ledger shows a checkpoint of ${this.#newest.size} entries, and ${who} ${largest.size} of them.`,
      });
    }
    if (entries < largest.size) {
      this.#findings.add({
        code: 'truncated',
        firstIndex: entries,
        lastIndex: largest.size - 1,
        message: `The ledger has ${entries} entries, and has signed ${largest.size}: entries ${entries} to ${largest.size - 1} were cut off.`,
      });
    }
  }

  #reportUnfitting(): void {
    const first = this.#checkpoints.find((each) => this.#unfitting.has(each));
    if (first === undefined) return;
    const lastFit = this.#checkpoints.findLast((each) => this.#fitting.has(each) && each.size < first.size);
    const [from, to] = [lastFit?.size ?? 0, first.size];
    const where = `among entries ${from} to ${to - 1}`;
    const isForked = this.#newest !== undefined && this.#fitting.has(this.#newest);
    const who = first.cosignatures.length > 0 ? 'a witness has seen' : 'the log has signed';
    this.#findings.add({
      code: isForked ? 'forked' : 'root_differs',
      ...(to > from ? { firstIndex: from, lastIndex: to - 1 } : {}),
      message: isForked
        ? `The log now signs another history than ${who} at ${first.size} entries: the first difference is ${where}.`
        : `The tree does not have the root that ${who} at ${first.size} entries: the first difference is ${where}.`,
    });
  }

  #open(origin: string, note: string, keys: TrustedKeys): OpenedCheckpoint | undefined {
    try {
      const checkpoint = openCheckpoint(note, keys);
      if (checkpoint.origin === origin) return checkpoint;
      this.#findings.add({
        code: 'checkpoint_untrusted',
        message: `A checkpoint is of ${checkpoint.origin}, and not of ${origin}.`,
      });
    } catch (error) {
      if (!(error instanceof MalformedNoteError) && !(error instanceof UntrustedNoteError)) throw error;
      this.#findings.add({ code: 'checkpoint_untrusted', message: error.message });
    }
    return undefined;
  }
}
