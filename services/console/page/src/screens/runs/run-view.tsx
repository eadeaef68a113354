/** One run as a story, a window of its entries at a time. */
import { useRoute } from 'preact-iso';
import { useState } from 'preact/hooks';
import type { RunRow } from '#domain/ledger/rollups/run-row.ts';
import type { RunAnswer, TextsAnswer } from '#services/console/api/answers.ts';
import { useQuery } from '../../app/query.ts';
import { useTitle } from '../../app/title.ts';
import { AgentLink } from '../../parts/agent-link.tsx';
import { Count, Duration, sayCountOf, sayShortCount } from '../../parts/amounts.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Panel } from '../../parts/panel.tsx';
import { RightButton } from '../../parts/right-button.tsx';
import { Time } from '../../parts/time.tsx';
import { askAgain } from '../../server/answers.ts';
import { pathOf, withQuery } from '../../server/paths.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { useRight } from '../../session/rights.ts';
import { Text } from '../../text/text.tsx';
import { say } from '../../words/say.ts';
import { RevealDialog } from './reveal-dialog.tsx';
import { RunStory, type RevealedTexts } from './run-story.tsx';
import { asRunRow, RunCost, RunStatus } from './runs-table.tsx';
import { RUN, RUNS } from './runs-words.ts';
import { VerifyButton } from './verify-dialog.tsx';
import { Waterfall } from './waterfall.tsx';

const WINDOW_ENTRIES = 200;
const CONTENT_RIGHT = 'get agents/texts';

export function RunView() {
  const { namespace = '', id = '' } = useRoute().params;
  const query = useQuery();
  const after = Number(query.values['after'] ?? 0) || 0;
  useTitle(id, [{ title: say(RUNS.title), path: withQuery('/runs', { namespace }) }]);
  const path = withQuery(`/v1/runs${pathOf(id)}`, {
    namespace,
    after: after || undefined,
    limit: WINDOW_ENTRIES,
  });
  const answer = useAnswer<RunAnswer>(path);
  return (
    <Answered answer={answer} onRetry={() => askAgain(path)} lines={14}>
      {(run) => <Whole key={id} namespace={namespace} id={id} answer={run} after={after} />}
    </Answered>
  );
}

interface WholeProps {
  readonly namespace: string;
  readonly id: string;
  readonly answer: RunAnswer;
  readonly after: number;
}

function Whole({ namespace, id, answer, after }: WholeProps) {
  const run = asRunRow(answer.run);
  const [texts, setTexts] = useState<RevealedTexts>();
  const [isAsking, setIsAsking] = useState(false);
  const mayRead = useRight(CONTENT_RIGHT, namespace) === true;
  const reveal = (revealed: TextsAnswer): void => {
    setTexts(new Map(revealed.texts.map((text) => [`${text.recordId} ${text.field}`, text])));
    setIsAsking(false);
  };
  const last = answer.entries.at(-1)?.record['id'];
  return (
    <div class="stack">
      <Summary run={run} />
      <Failures namespace={namespace} id={id} texts={texts} />
      <div class="run">
        <Panel
          title={say(RUN.story)}
          hint={<WindowWords answer={answer} after={after} />}
          tools={
            <RightButton
              right={CONTENT_RIGHT}
              namespace={namespace}
              isAllowed={mayRead}
              title={say(RUN.reveal)}
              icon="eye"
              look="button--small"
              onPress={() => setIsAsking(true)}
            />
          }
        >
          <RunStory runId={id} namespace={namespace} entries={answer.entries} texts={texts} />
          <WindowButtons answer={answer} after={after} />
        </Panel>
        <div class="stack">
          <Waterfall entries={answer.entries} />
          <Panel title={say(RUN.chain)}>
            <div class="panel__body stack stack--tight">
              <p class="soft">{say(RUN.chainHint)}</p>
              {typeof last === 'string' ? (
                <VerifyButton runId={id} namespace={namespace} recordId={last} title={say(RUN.verifyLast)} />
              ) : null}
            </div>
          </Panel>
        </div>
      </div>
      {isAsking ? (
        <RevealDialog namespace={namespace} id={id} onTexts={reveal} onClose={() => setIsAsking(false)} />
      ) : null}
    </div>
  );
}

function Summary({ run }: { readonly run: RunRow }) {
  return (
    <section class="panel" aria-label={say(RUNS.run)}>
      <div class="panel__body stack stack--tight">
        <p class="row">
          <RunStatus run={run} />
          <AgentLink namespace={run.namespace} name={run.agent} />
          {run.trust === 'reported' ? <span class="faint small">{say(RUN.reported)}</span> : null}
        </p>
        {run.isComplete === false ? (
          <p class="note note--warn">
            <Icon name="triangle-alert" />
            <span class="note__text">{say(RUN.incomplete)}</span>
          </p>
        ) : null}
        <Facts
          facts={[
            [say(RUNS.began), <Time key="began" at={run.beganAtMicroseconds} as="both" />],
            [say(RUNS.took), <Duration key="took" value={run.durationMicroseconds} />],
            [say(RUNS.cost), <RunCost key="cost" run={run} />],
            [say(RUNS.steps), <Count key="steps" value={run.steps} />],
            [say(RUNS.tokens), `${sayShortCount(run.inputTokens)} / ${sayShortCount(run.outputTokens)}`],
            [say(RUNS.model), <Text key="models" value={run.models.join(', ')} />],
            [
              say(RUN.prompt),
              <span key="prompt">
                <Text value={run.promptVersion ?? '\u2013'} />{' '}
                <code class="small faint">{run.promptDigest?.slice(0, 12)}</code>
              </span>,
            ],
            [say(RUN.records), <Count key="records" value={run.records} />],
          ]}
        />
      </div>
    </section>
  );
}

/** What went wrong stands first, wherever in a long run it happened. */
function Failures({
  namespace,
  id,
  texts,
}: {
  readonly namespace: string;
  readonly id: string;
  readonly texts: RevealedTexts | undefined;
}) {
  const path = withQuery(`/v1/runs${pathOf(id)}/failures`, { namespace });
  const { value } = useAnswer<RunAnswer>(path);
  if (value === undefined || value.entries.length === 0) return null;
  return (
    <Panel title={say(RUN.wrong)} hint={sayCountOf(value.entries.length)}>
      <div class="table-window" role="group" aria-label={say(RUN.wrong)} tabIndex={0}>
        <RunStory runId={id} namespace={namespace} entries={value.entries} texts={texts} isFailures />
      </div>
    </Panel>
  );
}

function WindowWords({ answer: { entries, totalEntries }, after }: Pick<WholeProps, 'answer' | 'after'>) {
  const all = totalEntries === null ? '?' : sayCountOf(totalEntries);
  return say(RUN.window, { first: sayCountOf(after + 1), last: sayCountOf(after + entries.length), all });
}

function WindowButtons({ answer: { nextAfter }, after }: Pick<WholeProps, 'answer' | 'after'>) {
  const query = useQuery();
  if (after === 0 && nextAfter === null) return null;
  const show = (next: number): void => {
    query.set({ after: next === 0 ? undefined : String(next) }, true);
    document.querySelector('#content')?.scrollIntoView();
  };
  return (
    <nav class="panel__foot row" aria-label={say(RUN.story)}>
      <button type="button" class="button" aria-disabled={after === 0} onClick={() => show(0)}>
        {say(RUN.first)}
      </button>
      <button
        type="button"
        class="button"
        aria-disabled={after === 0}
        onClick={() => show(Math.max(0, after - WINDOW_ENTRIES))}
      >
        <Icon name="chevron-left" />
        {say(RUN.previous)}
      </button>
      <button
        type="button"
        class="button"
        aria-disabled={nextAfter === null}
        onClick={() => (nextAfter === null ? undefined : show(nextAfter))}
      >
        {say(RUN.next)}
        <Icon name="chevron-right" />
      </button>
    </nav>
  );
}
