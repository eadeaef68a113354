/** One agent: whether it costs and takes what it usually does, what changed, how good it is, what it did. */
import { useRoute } from 'preact-iso';
import type { AgentAnswer, RunsAnswer } from '#services/console/api/answers.ts';
import { useTitle } from '../../app/title.ts';
import { AttentionList } from '../../attention/attention-list.tsx';
import { Count, Money, sayDuration, sayMoney } from '../../parts/amounts.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { type FactOf, Facts } from '../../parts/facts.tsx';
import { MeasurePanel } from '../../parts/measure-panel.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { TimeChart } from '../../parts/time-chart.tsx';
import { CONDITION_TONES, FINDING_TONES, STATE_TONES, type Tone } from '../../parts/tone.ts';
import { askAgain } from '../../server/answers.ts';
import { pathOf, withQuery } from '../../server/paths.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { SignalsTable } from '../../parts/signals-table.tsx';
import { Sentence, Text } from '../../text/text.tsx';
import { GENERAL, STATES } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { FLEET } from '../fleet/fleet-words.ts';
import { RunsTable } from '../runs/runs-table.tsx';
import { AGENT } from './agent-words.ts';
import { CostChangePanel, ChangeLog } from './cost-change.tsx';

const RUNS_SHOWN = 8;
/** Of these conditions True is what somebody should look at. */
const BAD_WHEN_TRUE = new Set(['Drift', 'Stalled']);

export function AgentView() {
  const { namespace = '', name = '' } = useRoute().params;
  useTitle(name, [{ title: say(FLEET.title), path: '/agents' }]);
  const path = `/v1/agents${pathOf(namespace, name)}`;
  const answer = useAnswer<AgentAnswer>(path, ['agents', `agent/${namespace}/${name}`], 5000);
  return (
    <Answered answer={answer} onRetry={() => askAgain(path)} lines={12}>
      {(agent) => <Whole agent={agent} />}
    </Answered>
  );
}

function Whole({ agent: { row, history, attention, conditions } }: { readonly agent: AgentAnswer }) {
  const marks = history?.changes ?? [];
  return (
    <div class="stack">
      <Panel title={say(GENERAL.state)}>
        <div class="panel__body stack stack--tight">
          <p class="row">
            <Badge tone={STATE_TONES[row.state]}>{say(STATES[row.state])}</Badge>
            <Sentence value={row.stateSentence} />
          </p>
          <Facts facts={factsOf(row)} />
        </div>
      </Panel>
      {attention.length === 0 ? null : (
        <Panel title={say(AGENT.attention)}>
          <AttentionList items={attention} />
        </Panel>
      )}
      <div class="columns">
        <MeasurePanel title={say(AGENT.cost)} measure={row.cost} sayAmount={sayMoney} />
        <MeasurePanel title={say(AGENT.latency)} measure={row.latency} sayAmount={sayDuration} />
      </div>
      {history === null ? (
        <p class="note">{say(AGENT.noHistory)}</p>
      ) : (
        <>
          <TimeChart title={say(AGENT.costChart)} points={history.costs} marks={marks} sayAmount={sayMoney} />
          <div class="columns">
            <CostChangePanel change={history.costChange} />
            <ChangeLog changes={history.changes} />
          </div>
          <TimeChart
            title={say(AGENT.latencyChart)}
            points={history.latencies}
            marks={marks}
            sayAmount={sayDuration}
          />
          <Panel title={say(AGENT.quality)} hint={say(AGENT.qualityHint)}>
            <SignalsTable signals={history.signals} />
          </Panel>
        </>
      )}
      <Conditions conditions={conditions} />
      <LatestRuns namespace={row.namespace} name={row.name} />
    </div>
  );
}

function factsOf(row: AgentAnswer['row']): readonly FactOf[] {
  return [
    [
      say(AGENT.prompt),
      <span key="prompt">
        <Text value={row.prompt?.name ?? say(FLEET.noPrompt)} />{' '}
        <code class="small faint">{row.prompt?.digest.slice(0, 12)}</code>
      </span>,
    ],
    [say(AGENT.models), <Text key="models" value={row.models.join(', ')} />],
    [say(AGENT.runsHour), <Count key="runs" value={row.runs?.total} />],
    [say(AGENT.lastRun), <Time key="last" at={row.lastRunMicroseconds} />],
    [say(AGENT.month), <Money key="month" value={row.costMonthToDate} />],
    [say(AGENT.monthEnd), <Money key="end" value={row.costMonthEnd} />],
  ];
}

function Conditions({ conditions }: Pick<AgentAnswer, 'conditions'>) {
  const toneOf = (type: string, status: keyof typeof CONDITION_TONES): Tone =>
    (BAD_WHEN_TRUE.has(type) ? FINDING_TONES : CONDITION_TONES)[status];
  return (
    <Panel title={say(AGENT.conditions)}>
      <DataTable
        label={say(AGENT.conditions)}
        rows={conditions}
        keyOf={({ type }) => type}
        columns={[
          {
            title: say(AGENT.condition),
            cell: ({ type, status, reason }) => (
              <span class="row">
                <Badge tone={toneOf(type, status)}>
                  {type} {status}
                </Badge>
                <span class="faint small">
                  <Text value={reason} />
                </span>
              </span>
            ),
          },
          { title: say(AGENT.message), cell: ({ message }) => <Sentence value={message} /> },
          {
            title: say(GENERAL.time),
            cell: ({ lastTransitionTime }) => <Time at={Date.parse(lastTransitionTime) * 1000 || null} />,
          },
        ]}
      />
    </Panel>
  );
}

function LatestRuns({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const path = withQuery('/v1/runs', { namespace, agent: name, limit: RUNS_SHOWN });
  const answer = useAnswer<RunsAnswer>(path, [`agent/${namespace}/${name}`], 5000);
  return (
    <Panel
      title={say(AGENT.runs)}
      tools={
        <a class="button button--small" href={withQuery('/runs', { namespace, agent: name })}>
          {say(AGENT.allRuns)}
        </a>
      }
    >
      <Answered answer={answer} lines={4}>
        {({ runs }) => <RunsTable runs={runs} />}
      </Answered>
    </Panel>
  );
}
