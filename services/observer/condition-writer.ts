/**
 * Writes what the observer says of Agents into their status, if this replica leads. Writes are few: one agent at most every five minutes
 * unless a status or reason changed, and so many at a time that a thousand agents that change at once do not drown the API server.
 */
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { isConflict, isNotFound } from '#adapters/kubernetes/kube-api-error.ts';
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { Logger } from '#telemetry/logger.ts';
import { conditionsToWrite } from './conditions-of-row.ts';
import { AGENTS } from './watched-fleet.ts';

const WRITES_OF_A_PASS = 50;
const WRITES_AT_A_TIME = 5;

export type WriteResult = 'written' | 'conflict' | 'failed';

export interface ConditionWriterOptions {
  readonly view: ClusterView;
  readonly writer: Pick<ObjectWriter, 'applyStatus'>;
  readonly mayWrite: () => boolean;
  readonly onWrite: (result: WriteResult) => void;
  readonly logger: Logger;
  readonly now: () => Date;
}

export class ConditionWriter {
  readonly #options: ConditionWriterOptions;
  /** By uid: when, and on top of which version. */
  #lastWrites = new Map<string, { readonly at: Date; readonly resourceVersion: string }>();
  #writing: Promise<void> | undefined;

  constructor(options: ConditionWriterOptions) {
    this.#options = options;
  }

  /** What is left over is written after the next judgement. */
  write(rows: readonly AgentRow[]): void {
    if (this.#writing !== undefined || !this.#options.mayWrite()) return;
    this.#forgetOthersThan(rows);
    this.#writing = this.#writeAll(this.#dueOf(rows));
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(writes: readonly (() => Promise<void>)[]): Promise<void> {
    const due = writes.values();
    await Promise.all(
      Array.from({ length: WRITES_AT_A_TIME }, async () => {
        for (const write of due) await write();
      }),
    );
    this.#writing = undefined;
  }

  #dueOf(rows: readonly AgentRow[]): readonly (() => Promise<void>)[] {
    const { view, now } = this.#options;
    const due: (() => Promise<void>)[] = [];
    for (const row of rows) {
      if (due.length >= WRITES_OF_A_PASS) break;
      const read = view.of(AGENTS).get(objectKey(row));
      if (read === undefined || read.metadata.uid !== row.uid) continue;
      if (read.metadata.deletionTimestamp !== undefined) continue;
      const lastWrite = this.#lastWrites.get(row.uid);
      // What was written has not come back yet.
      if (lastWrite?.resourceVersion === read.metadata.resourceVersion) continue;
      const { metadata, status } = read.content.object;
      const standing = { conditions: status?.conditions ?? [], generation: metadata.generation };
      const conditions = conditionsToWrite(row, standing, lastWrite?.at, now());
      if (conditions !== undefined) due.push(() => this.#apply(row, metadata, { conditions }));
    }
    return due;
  }

  async #apply(
    { namespace, name, uid }: AgentRow,
    metadata: { readonly uid: string; readonly resourceVersion: string },
    status: object,
  ): Promise<void> {
    const { writer, onWrite, logger, mayWrite, now } = this.#options;
    if (!mayWrite()) return;
    try {
      await writer.applyStatus(AGENTS, { namespace, name }, status, metadata);
      this.#lastWrites.set(uid, { at: now(), resourceVersion: metadata.resourceVersion });
      onWrite('written');
    } catch (error) {
      // Somebody wrote meanwhile, or it is gone: the next judgement decides on what is there then.
      const isEveryday = isConflict(error) || isNotFound(error);
      onWrite(isEveryday ? 'conflict' : 'failed');
      if (!isEveryday)
        logger.warn({ namespace, name, error }, 'the conditions of an Agent could not be written');
    }
  }

  #forgetOthersThan(rows: readonly AgentRow[]): void {
    const known = new Set(rows.map(({ uid }) => uid));
    this.#lastWrites = new Map([...this.#lastWrites].filter(([uid]) => known.has(uid)));
  }
}
