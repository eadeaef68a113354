/** What a ledger tells of the runs, costs, outcomes and security events of one namespace, held against its entries. */
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import {
  askForCosts,
  askForOutcomes,
  askForRuns,
  askForSecurityEventIds,
} from '#adapters/ledger-reader/ledger-requests.ts';
import { compareRows, type ToldSums } from '#domain/ledger/verify/compare-rows.ts';
import { COST_GROUPINGS, OUTCOME_GROUPINGS, type Recount, type Sums } from '#domain/ledger/verify/recount.ts';

const SUMS_MAXIMUM = 10_000;
const RUNS_MAXIMUM = 100_000;

export interface ComparedRows {
  /** A sentence for each place where rows are not what the entries come to; the first thousand. */
  readonly differences: readonly string[];
  /** Why something was not compared. */
  readonly notCompared: readonly string[];
}

/** `passNewer`: has `recount` pass what was written since it passed the last entry. */
export async function compareServedRows(
  reader: Pick<LedgerReader, 'json'>,
  namespace: string,
  recount: Recount,
  passNewer: () => Promise<void>,
): Promise<ComparedRows> {
  const notCompared: string[] = [];
  const before = recount.tally();
  if (!before.isWhole)
    notCompared.push('Sums: not all entries are there, or some are of a newer version than this program.');
  const asked = async <Rows>(
    what: string,
    ask: () => Promise<Rows | undefined>,
  ): Promise<Rows | undefined> => {
    try {
      const rows = await ask();
      if (rows === undefined) notCompared.push(`${what}: there are too many.`);
      return rows;
    } catch (error) {
      // Whoever may audit a log may not see all that is made of it.
      if (!(error instanceof LedgerReadError) || error.code !== 'refused') throw error;
      notCompared.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  const question = { namespace, limit: SUMS_MAXIMUM };
  const costs: (readonly ToldSums[] | undefined)[] = [];
  for (const by of COST_GROUPINGS) {
    costs.push(
      await asked(`Costs by ${by.join(', ')}`, async () =>
        toldSums(await askForCosts(reader, { ...question, by })),
      ),
    );
  }
  const outcomes: (readonly ToldSums[] | undefined)[] = [];
  for (const by of OUTCOME_GROUPINGS) {
    outcomes.push(
      await asked(`Outcomes by ${by.join(', ')}`, async () =>
        toldSums(await askForOutcomes(reader, { ...question, by })),
      ),
    );
  }
  const runs = await asked('Runs', async () => {
    const told = await askForRuns(reader, { namespace }, RUNS_MAXIMUM);
    return told.hasMore ? undefined : told.runs;
  });
  const securityEvents = await asked('Security events', async () =>
    askForSecurityEventIds(reader, namespace, RUNS_MAXIMUM),
  );
  await passNewer();
  const told = { costs, outcomes, runs, securityEvents };
  return { differences: compareRows(before, told, recount.tally()), notCompared };
}

/** Undefined when there may be more. */
function toldSums(
  rows: readonly ({ readonly group: ToldSums['group'] } & object)[],
): readonly ToldSums[] | undefined {
  if (rows.length >= SUMS_MAXIMUM) return undefined;
  return rows.map(({ group, ...sums }) => ({ group, sums: sums as Sums }));
}
