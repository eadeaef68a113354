/** The runs that the ledger knows, newest first. */
import type { RunsAnswer } from '#services/console/api/answers.ts';
import { useQuery } from '../../app/query.ts';
import { useTitle } from '../../app/title.ts';
import { Answered } from '../../parts/answered.tsx';
import { SearchField, SelectField } from '../../parts/filters.tsx';
import { NamespaceField } from '../../parts/namespace-field.tsx';
import { askAgain } from '../../server/answers.ts';
import { withQuery } from '../../server/paths.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { say } from '../../words/say.ts';
import { RunsTable } from './runs-table.tsx';
import { RUN, RUN_STATUSES, RUNS } from './runs-words.ts';

const PAGE_RUNS = 50;
/** Not more often: a list that moves cannot be read. */
const PAUSE_MILLISECONDS = 5000;

export function RunsView() {
  useTitle(say(RUNS.title));
  const query = useQuery();
  const { namespace = '', agent = '', status = '', model = '', cursor = '' } = query.values;
  const path = withQuery('/v1/runs', { namespace, agent, status, model, cursor, limit: PAGE_RUNS });
  const answer = useAnswer<RunsAnswer>(path, cursor === '' ? ['agents'] : [], PAUSE_MILLISECONDS);
  return (
    <div class="stack">
      <div class="row" role="search">
        <SearchField
          label={say(RUNS.agentFilter)}
          value={agent}
          onChange={(value) => query.set({ agent: value, cursor: undefined })}
        />
        <SearchField
          label={say(RUNS.modelFilter)}
          value={model}
          onChange={(value) => query.set({ model: value, cursor: undefined })}
        />
        <NamespaceField
          value={namespace}
          onChange={(value) => query.set({ namespace: value, cursor: undefined }, true)}
        />
        <SelectField
          label={say(RUNS.status)}
          value={status}
          options={[
            { value: '', text: say(RUNS.anyStatus) },
            ...Object.entries(RUN_STATUSES).map(([value, word]) => ({ value, text: say(word) })),
          ]}
          onChange={(value) => query.set({ status: value, cursor: undefined }, true)}
        />
      </div>
      <section class="panel" aria-label={say(RUNS.title)}>
        <Answered answer={answer} onRetry={() => askAgain(path)} lines={12}>
          {({ runs, nextCursor }) => (
            <>
              <RunsTable runs={runs} />
              <nav class="panel__foot row" aria-label={say(RUNS.title)}>
                {cursor === '' ? null : (
                  <button type="button" class="button" onClick={() => query.set({ cursor: undefined }, true)}>
                    {say(RUN.first)}
                  </button>
                )}
                {nextCursor === null ? null : (
                  <button
                    type="button"
                    class="button"
                    onClick={() => query.set({ cursor: nextCursor }, true)}
                  >
                    {say(RUN.next)}
                  </button>
                )}
              </nav>
            </>
          )}
        </Answered>
      </section>
    </div>
  );
}
