/** What the ledger tells of a rollout: decisions of the operator and commands of people, newest first. */
import { RecordsAnswer, PositionAnswer } from '#adapters/ledger-reader/ledger-answers.ts';
import { LedgerReadError } from '#adapters/ledger-reader/ledger-reader.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { RunEntry } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { runEntry } from '../ledger/run-entries.ts';
import { RefusedError } from '../refused-error.ts';

const DAYS_MICROSECONDS = 30 * 86_400 * 1_000_000;
const PAGE_ENTRIES = 1_000;
const MOST_PAGES = 5;
const MOST_ENTRIES = 100;

/** Of the last 30 days. Empty where the person may not see records, or the ledger does not answer: the rollout itself is shown. */
export async function rolloutHistory(
  { ledger, rights, nowSeconds, logger }: ConsoleParts,
  user: UserInfo,
  namespace: string,
  name: string,
): Promise<readonly RunEntry[]> {
  if (!(await rights.has(user, 'get agents/runs', namespace))) return [];
  try {
    const reader = ledger.of(user);
    const before = Math.round(nowSeconds() * 1_000_000 - DAYS_MICROSECONDS);
    let { position: after } = await reader.json('/v1/positions', { namespace, before }, PositionAnswer);
    const entries: RunEntry[] = [];
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const query = { namespace, types: 'rollout_decision,command', after, limit: PAGE_ENTRIES };
      const page = await reader.json('/v1/records', query, RecordsAnswer);
      for (const written of page.entries) {
        const { record } = written.entry;
        const isIts =
          (record.type === 'rollout_decision' && record.rollout === name) ||
          (record.type === 'command' && record.kind === 'CanaryRollout' && record.subject === name);
        if (isIts) entries.push(runEntry(written));
      }
      if (page.isEnd || page.position <= after) break;
      after = page.position;
    }
    return entries.slice(-MOST_ENTRIES).toReversed();
  } catch (error) {
    if (!(error instanceof LedgerReadError) && !(error instanceof RefusedError)) throw error;
    logger.warn({ error }, 'the history of a rollout could not be read');
    return [];
  }
}
