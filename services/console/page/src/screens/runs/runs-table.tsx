import type { RunRow } from '#domain/ledger/rollups/run-row.ts';
import type { RunsAnswer } from '#services/console/api/answers.ts';
import { AgentLink, RunLink } from '../../parts/agent-link.tsx';
import { Count, Duration, Money, sayMoney, sayShortCount } from '../../parts/amounts.tsx';
import { Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Time } from '../../parts/time.tsx';
import type { Tone } from '../../parts/tone.ts';
import { Text } from '../../text/text.tsx';
import { visible } from '../../text/visible-text.ts';
import { say, sayCode } from '../../words/say.ts';
import { RUN_STATUSES, RUNS } from './runs-words.ts';

const STATUS_TONES: Readonly<Record<RunRow['status'], Tone>> = {
  running: 'info',
  succeeded: 'good',
  stopped: 'warn',
  failed: 'bad',
};

export function RunsTable({ runs }: Pick<RunsAnswer, 'runs'>) {
  if (runs.length === 0) {
    return (
      <Empty icon="message-square-text" title={say(RUNS.none)}>
        {say(RUNS.noneHint)}
      </Empty>
    );
  }
  return (
    <DataTable
      label={say(RUNS.title)}
      rows={runs.map(asRunRow)}
      keyOf={({ namespace, id }) => `${namespace}/${id}`}
      columns={[
        { title: say(RUNS.run), cell: (run) => <RunLink {...run} /> },
        { title: say(RUNS.agent), cell: (run) => <AgentLink namespace={run.namespace} name={run.agent} /> },
        { title: say(RUNS.status), cell: (run) => <RunStatus run={run} /> },
        { title: say(RUNS.began), cell: (run) => <Time at={run.beganAtMicroseconds} /> },
        {
          title: say(RUNS.took),
          isNumber: true,
          cell: (run) => <Took run={run} />,
        },
        { title: say(RUNS.steps), isNumber: true, cell: (run) => <Count value={run.steps} /> },
        { title: say(RUNS.cost), isNumber: true, cell: (run) => <RunCost run={run} /> },
        {
          title: say(RUNS.tokens),
          isNumber: true,
          cell: (run) => `${sayShortCount(run.inputTokens)} / ${sayShortCount(run.outputTokens)}`,
        },
        { title: say(RUNS.model), cell: (run) => <Models names={run.models} /> },
        { title: say(RUNS.judged), cell: (run) => <Judged run={run} /> },
        {
          title: say(RUNS.events),
          isNumber: true,
          cell: (run) =>
            run.securityEvents === 0 ? <span class="faint">0</span> : <strong>{run.securityEvents}</strong>,
        },
      ]}
    />
  );
}

/** The console's server passes on rows of the ledger. */
export function asRunRow(row: Readonly<Record<string, unknown>>): RunRow {
  return row as unknown as RunRow;
}

export function RunStatus({ run: { status, reason } }: { readonly run: RunRow }) {
  return (
    <span class="row">
      <Badge tone={STATUS_TONES[status]}>{sayCode(RUN_STATUSES, status)}</Badge>
      {reason === undefined ? null : (
        <span class="small soft code">
          <Text value={reason} />
        </span>
      )}
    </span>
  );
}

/** A sum in which something is missing is not shown as if it were whole. */
export function RunCost({ run }: { readonly run: RunRow }) {
  if (run.attemptsOfUnknownCost === 0) return <Money value={run.costNanoUsd} />;
  const words = say(RUNS.costPartly, { amount: sayMoney(run.costNanoUsd), count: run.attemptsOfUnknownCost });
  return <span title={words}>≥ {sayMoney(run.costNanoUsd)}</span>;
}

/** Of what runs yet it is not unknown how long it took: it has not ended. */
function Took({ run: { status, durationMicroseconds } }: { readonly run: RunRow }) {
  if (status === 'running' && durationMicroseconds === undefined)
    return <span class="faint">{'\u2013'}</span>;
  return <Duration value={durationMicroseconds} />;
}

function Models({ names }: { readonly names: readonly string[] }) {
  const [first = '\u2013', ...others] = names;
  return (
    <span class="nowrap" title={visible(names.join(', '))}>
      <Text value={first} />
      {others.length === 0 ? null : <span class="small faint"> +{others.length}</span>}
    </span>
  );
}

function Judged({ run: { good, bad } }: { readonly run: RunRow }) {
  if (good + bad === 0) return <span class="faint">{'\u2013'}</span>;
  return (
    <span class="row">
      {good > 0 ? <Badge tone="good">{good}</Badge> : null}
      {bad > 0 ? <Badge tone="bad">{bad}</Badge> : null}
    </span>
  );
}
