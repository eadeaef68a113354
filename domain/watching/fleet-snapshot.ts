/** The state of the watch as JSON: spares the replay of five weeks. Whatever does not fit is refused whole. */
import { z } from 'zod';
import { AlarmDesignsSnapshot } from './alarm-designs.ts';
import type { WatchSettings } from './fleet-knowledge.ts';
import { PlatformWatchSnapshot } from './platform-watch.ts';
import { AgentSecuritySnapshot, SecurityWatchSnapshot } from './security-watch.ts';
import { WatchedAgentSnapshot } from './watched-agent.ts';
import { WatchedModelSnapshot } from './watched-model.ts';

const FleetSnapshot = z.strictObject({
  version: z.literal(1),
  timeZone: z.string().max(64),
  clock: z.number(),
  sweptHour: z.int(),
  designs: AlarmDesignsSnapshot,
  agents: z.array(WatchedAgentSnapshot).max(10_000),
  models: z.array(WatchedModelSnapshot).max(2_000),
  security: z.strictObject({ sources: SecurityWatchSnapshot, agents: AgentSecuritySnapshot }),
  platform: PlatformWatchSnapshot,
});
export type FleetSnapshot = z.infer<typeof FleetSnapshot>;

/** Throws a sentence: everything is to be replayed then. */
export function readSnapshot(text: string, { timeZone }: WatchSettings): FleetSnapshot {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error('The snapshot of the watch is no JSON; replay the ledger.', { cause: error });
  }
  const read = FleetSnapshot.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Error(
      `The snapshot of the watch cannot be read (${issue?.path.join('.')}: ${issue?.message}); replay the ledger.`,
    );
  }
  if (read.data.timeZone !== timeZone) {
    throw new Error(
      `The snapshot of the watch was taken for ${read.data.timeZone}, and ${timeZone} is set; replay the ledger.`,
    );
  }
  return read.data;
}
