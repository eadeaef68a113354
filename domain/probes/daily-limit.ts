/** What the probes of an agent may cost on a day. */
import type { AgentSpending } from '#domain/ledger/agent-spending.ts';

const NANO_PER_USD = 1e9;
const DAYS = 7;
/** Of what the agent spent on a day of the week before: it must see a change and not become one. */
export const DEFAULT_SHARE_OF_SPENDING = 0.005;
/** For an agent that is new or does little. */
export const DEFAULT_LEAST_USD_PER_DAY = 0.05;

/** `maximumUsdPerDay`: as the Agent gives it; absent: a share of what it spends. */
export function dailyLimitNanoUsd(
  maximumUsdPerDay: string | undefined,
  { weekBeforeNanoUsd }: Pick<AgentSpending, 'weekBeforeNanoUsd'>,
): number {
  if (maximumUsdPerDay !== undefined) return Math.round(Number(maximumUsdPerDay) * NANO_PER_USD);
  return Math.round(
    Math.max(
      DEFAULT_LEAST_USD_PER_DAY * NANO_PER_USD,
      (weekBeforeNanoUsd / DAYS) * DEFAULT_SHARE_OF_SPENDING,
    ),
  );
}
