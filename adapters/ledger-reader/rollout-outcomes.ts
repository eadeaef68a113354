/**
 * Outcomes of a rollout as the operator reads them: page by page in the order of the ledger, each page bounded, and every
 * entry judged by its schema. One that is not understood is counted and left out; it never stops those after it.
 */
import { z } from 'zod';
import { JUDGED_METRICS } from '#crds/rollout-release.ts';
import { Sha256 } from '#crds/object-meta.ts';
import type { AgentHistory, HistoryBounds } from '#domain/judging/agent-history.ts';
import { outcomeOfEntry } from '#domain/judging/outcome-of-entry.ts';
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { Count, Microseconds } from '#domain/ledger/record-fields.ts';
import { LedgerReadError, type LedgerReader } from './ledger-reader.ts';
import { askForPosition } from './ledger-requests.ts';

const PAGE_ENTRIES = 1_000;
/** Of 500 outcomes each: others read from the ledger at the same time. */
const HISTORY_PAGE_AGENTS = 25;
/** Agents of a rollout whose histories are asked for. */
const AGENTS_MAXIMUM = 20_000;

export interface ReadRollout {
  readonly namespace: string;
  readonly name: string;
}

export interface OutcomePage {
  readonly outcomes: readonly JudgedOutcome[];
  /** Of entries that are no outcomes of ours. */
  readonly skipped: number;
  /** Up to which it was looked. */
  readonly position: number;
  readonly isEnd: boolean;
}

export interface RolloutOutcomes {
  /** Rejects with a LedgerReadError whose message is a sentence. */
  readonly positionBefore: (rollout: ReadRollout, time: Date) => Promise<number>;
  readonly outcomesAfter: (rollout: ReadRollout, position: number) => Promise<OutcomePage>;
  /** Of all agents that ran this version, counted up to the position. */
  readonly histories: (
    rollout: ReadRollout,
    promptDigest: string,
    upTo: number,
    bounds: HistoryBounds,
  ) => Promise<readonly AgentHistory[]>;
}

const Counts = z.object({ good: Count, bad: Count });
const RunOfOutcome = z.object({
  agentUid: z.string().max(64),
  arm: z.enum(['stable', 'candidate']),
  digest: Sha256,
  session: z.string().max(64).optional(),
  beganAtMicroseconds: Microseconds.optional(),
});
/** The entries themselves are looked at one by one: one that is broken must not hide the others. */
const OutcomesAnswer = z.object({
  entries: z.array(z.unknown()).max(PAGE_ENTRIES),
  position: Count,
  isEnd: z.boolean(),
});
const OutcomeEntry = z.object({ position: Count, entry: LedgerEntry, run: RunOfOutcome });
const HistoriesAnswer = z.object({
  agents: z
    .array(
      z.object({
        agentUid: z.string().max(64),
        metrics: z.partialRecord(z.enum(JUDGED_METRICS), Counts),
        costs: z.object({ runs: Count, nanoUsd: Count }),
        safetyEvents: z.array(z.string().max(64)).max(64),
      }),
    )
    .max(HISTORY_PAGE_AGENTS),
  nextAfter: z.string().max(64).optional(),
});

export function createRolloutOutcomes(reader: Pick<LedgerReader, 'json'>): RolloutOutcomes {
  return {
    positionBefore: ({ namespace }, time) => askForPosition(reader, namespace, time.getTime() * 1000),

    outcomesAfter: async ({ namespace, name }, after) => {
      const query = { namespace, rollout: name, after, limit: PAGE_ENTRIES };
      const page = await reader.json('/v1/records', query, OutcomesAnswer);
      if (page.position < after) {
        throw new LedgerReadError(
          'malformed',
          `The ledger ends at position ${page.position}, before ${after}, up to which outcomes were counted: it was restored from a backup. Retry the rollout (capataz retry).`,
        );
      }
      let last = after;
      const outcomes: JudgedOutcome[] = [];
      for (const each of page.entries) {
        const outcome = readOutcome(each, namespace);
        // What stands before what was read already would be counted twice or at the wrong place.
        if (outcome === undefined || outcome.position <= last || outcome.position > page.position) continue;
        last = outcome.position;
        outcomes.push(outcome);
      }
      const { position, isEnd } = page;
      return { outcomes, skipped: page.entries.length - outcomes.length, position, isEnd };
    },

    histories: async ({ namespace, name }, promptDigest, upTo, bounds) => {
      const agents: AgentHistory[] = [];
      let after: string | undefined;
      do {
        const query = {
          namespace,
          rollout: name,
          promptDigest,
          upTo,
          ...bounds,
          limit: HISTORY_PAGE_AGENTS,
          after,
        };
        const page = await reader.json('/v1/histories', query, HistoriesAnswer);
        if (page.nextAfter !== undefined && page.nextAfter <= (after ?? '')) break;
        agents.push(...page.agents);
        after = page.nextAfter;
      } while (after !== undefined && agents.length < AGENTS_MAXIMUM);
      return agents;
    },
  };
}

function readOutcome(given: unknown, namespace: string): JudgedOutcome | undefined {
  const parsed = OutcomeEntry.safeParse(given);
  if (!parsed.success || parsed.data.entry.record.namespace !== namespace) return undefined;
  const { position, entry, run } = parsed.data;
  const { session, beganAtMicroseconds, ...of } = run;
  return outcomeOfEntry(position, entry, {
    ...of,
    ...(session !== undefined && { session }),
    ...(beganAtMicroseconds !== undefined && { beganAtMicroseconds }),
  });
}
