/** The chains of all runs of one namespace, and whether each run that ended has all its records. */
import { FIRST_OF_CHAIN } from '../ledger-entry.ts';
import type { EntryOutline } from './read-entry.ts';
import type { Findings } from './verification-report.ts';

interface RunState {
  readonly nextSequence: number;
  /** Leaf hash of the run's last record, 32 bytes as Latin-1. */
  readonly lastLeaf: string;
  readonly lastIndex: number;
  /** Records that the agent itself told; undefined when some of the run cannot be read. */
  readonly agentRecords: number | undefined;
}

export class RunChains {
  readonly #findings: Findings;
  readonly #runs = new Map<string, RunState>();
  /** Leaf hashes of entries whose bodies are pruned, missing or edited: a chain may go through them. */
  readonly #unreadable = new Set<string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** An entry that has no body that can be believed, by the leaf hash that stands for it. */
  passUnreadable(leafHash: Uint8Array): void {
    this.#unreadable.add(latin1(leafHash));
  }

  pass({ chain, record }: EntryOutline, leafHash: Uint8Array, index: number): void {
    const { run } = record;
    if (run === undefined || chain === undefined) {
      if (run !== undefined || chain !== undefined)
        this.#report(record, index, 'has a run or a chain without the other');
      return;
    }
    const before = this.#runs.get(run.id);
    const isNext = doesFollow(chain, before);
    if (!isNext && !this.#unreadable.has(fromHex(chain.previous))) {
      const due =
        before === undefined
          ? 'its first'
          : `record ${before.nextSequence}, after entry ${before.lastIndex},`;
      this.#report(
        record,
        index,
        `says it is record ${chain.sequence} of run ${run.id}, where ${due} is due`,
      );
    }
    const agentRecordsBefore = isNext ? (before ?? NOTHING_BEFORE).agentRecords : undefined;
    const state: RunState = {
      nextSequence: chain.sequence + 1,
      lastLeaf: latin1(leafHash),
      lastIndex: index,
      agentRecords:
        agentRecordsBefore === undefined
          ? undefined
          : agentRecordsBefore + (record.source.process === 'agent-runtime' ? 1 : 0),
    };
    this.#runs.set(run.id, state);
    if (record.type === 'run_ended') this.#countRecords(record, state, index);
  }

  #countRecords(record: EntryOutline['record'], { agentRecords }: RunState, index: number): void {
    if (agentRecords === undefined || record.records === undefined || record.records === agentRecords) return;
    this.#findings.add({
      code: 'run_incomplete',
      firstIndex: index,
      lastIndex: index,
      recordId: record.id,
      ...(record.run === undefined ? {} : { runId: record.run.id }),
      message: `Run ${record.run?.id} ended with ${record.records} records of its agent by its own count, and ${agentRecords} of them are here.`,
    });
  }

  #report({ id, run }: EntryOutline['record'], index: number, what: string): void {
    this.#findings.add({
      code: 'chain_broken',
      firstIndex: index,
      lastIndex: index,
      recordId: id,
      ...(run === undefined ? {} : { runId: run.id }),
      message: `Entry ${index} (record ${id}) ${what}.`,
    });
  }
}

const NOTHING_BEFORE = { agentRecords: 0 };

function doesFollow(chain: NonNullable<EntryOutline['chain']>, before: RunState | undefined): boolean {
  return before === undefined
    ? chain.sequence === 0 && chain.previous === FIRST_OF_CHAIN
    : chain.sequence === before.nextSequence && fromHex(chain.previous) === before.lastLeaf;
}

function fromHex(hash: string): string {
  return Buffer.from(hash, 'hex').toString('latin1');
}

function latin1(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
}
