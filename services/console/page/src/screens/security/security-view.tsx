/** What was attempted, from where, against whom, and what stopped it. */
import type { SecurityAnswer, SecurityCount } from '#services/console/api/answers.ts';
import { useQuery } from '../../app/query.ts';
import { useTitle } from '../../app/title.ts';
import { sayCountOf } from '../../parts/amounts.tsx';
import { Answered, Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable, type TableColumn } from '../../parts/data-table.tsx';
import { SelectField } from '../../parts/filters.tsx';
import { Panel } from '../../parts/panel.tsx';
import { CONDITION_TONES, type Tone } from '../../parts/tone.ts';
import { NamespaceField } from '../../parts/namespace-field.tsx';
import { RecordLines } from '../../records/record-lines.tsx';
import { askAgain } from '../../server/answers.ts';
import { withQuery } from '../../server/paths.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { GENERAL, STATUSES } from '../../words/general-words.ts';
import { say, sayCode, sayCount } from '../../words/say.ts';
import { HourlyAttempts } from './hourly-attempts.tsx';
import { SECURITY, SEVERITY_WORDS } from './security-words.ts';

const HOURS = [1, 24, 168] as const;
const SEVERITY_TONES: Readonly<Record<string, Tone>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warn',
  low: 'info',
  informational: 'quiet',
};

export function SecurityView() {
  useTitle(say(SECURITY.title));
  const query = useQuery();
  const { namespace = '' } = query.values;
  const hours = HOURS.find((each) => String(each) === query.values['hours']) ?? 24;
  const path = withQuery('/v1/security', { namespace, hours });
  const answer = useAnswer<SecurityAnswer>(path, ['security'], 2000);
  return (
    <div class="stack">
      <div class="row" role="search">
        <SelectField
          label={say(SECURITY.period)}
          value={String(hours)}
          options={HOURS.map((each) => ({ value: String(each), text: periodOf(each) }))}
          onChange={(value) => query.set({ hours: value }, true)}
        />
        <NamespaceField value={namespace} onChange={(value) => query.set({ namespace: value }, true)} />
      </div>
      <Answered answer={answer} onRetry={() => askAgain(path)} lines={12}>
        {(security) => <Whole security={security} />}
      </Answered>
    </div>
  );
}

const periodOf = (hours: number): string =>
  hours < 48 ? sayCount(SECURITY.hours, hours) : sayCount(SECURITY.days, hours / 24);

function Whole({ security }: { readonly security: SecurityAnswer }) {
  const { total, blocked } = security;
  return (
    <>
      <section class="panel" aria-label={say(SECURITY.attempts)}>
        <dl class="panel__body totals">
          <Total name={say(SECURITY.attempts)} count={total} tone="quiet" />
          <Total name={say(SECURITY.blocked)} count={blocked} tone="good" />
          <Total
            name={say(SECURITY.passed)}
            count={total - blocked}
            tone={total > blocked ? 'bad' : 'quiet'}
          />
        </dl>
      </section>
      {total === 0 ? (
        <Empty icon="shield-check" title={say(SECURITY.nothing)}>
          {say(SECURITY.nothingHint)}
        </Empty>
      ) : (
        <>
          <HourlyAttempts hourly={security.hourly} />
          <div class="columns">
            <Counts title={say(SECURITY.bySource)} first={say(SECURITY.source)} counts={security.bySource} />
            <Counts title={say(SECURITY.byAgent)} first={say(GENERAL.agent)} counts={security.byAgent} />
          </div>
          <ByKind events={security.byEvent} />
        </>
      )}
      <div class="columns">
        <Guards guards={security.guards} />
        <Panel title={say(SECURITY.events)}>
          <RecordLines entries={security.events} />
        </Panel>
      </div>
    </>
  );
}

function Total({
  name,
  count,
  tone,
}: {
  readonly name: string;
  readonly count: number;
  readonly tone: Tone;
}) {
  return (
    <div>
      <dt class="fact__name">{name}</dt>
      <dd class={`figure fact__value tone--${tone} ${tone === 'quiet' ? '' : 'toned'}`}>
        {sayCountOf(count)}
      </dd>
    </div>
  );
}

const COUNTED: readonly (() => TableColumn<SecurityCount>)[] = [
  () => ({ title: say(SECURITY.attempts), isNumber: true, cell: ({ total }) => sayCountOf(total) }),
  () => ({ title: say(SECURITY.blocked), isNumber: true, cell: ({ blocked }) => sayCountOf(blocked) }),
  () => ({ title: say(SECURITY.passed), isNumber: true, cell: (count) => <Passed {...count} /> }),
];

function Passed({ total, blocked }: SecurityCount) {
  const passed = total - blocked;
  return passed === 0 ? (
    <span class="faint">0</span>
  ) : (
    <strong class="tone--bad toned">{sayCountOf(passed)}</strong>
  );
}

interface CountsProps {
  readonly title: string;
  readonly first: string;
  readonly counts: readonly SecurityCount[];
}

function Counts({ title, first, counts }: CountsProps) {
  return (
    <Panel title={title}>
      <DataTable
        label={title}
        rows={counts}
        keyOf={({ name }, at) => `${name} ${at}`}
        columns={[
          { title: first, cell: ({ name }) => <Text value={name} /> },
          ...COUNTED.map((column) => column()),
        ]}
      />
    </Panel>
  );
}

function ByKind({ events }: { readonly events: SecurityAnswer['byEvent'] }) {
  return (
    <Panel title={say(SECURITY.byEvent)}>
      <DataTable
        label={say(SECURITY.byEvent)}
        rows={events}
        keyOf={({ name }) => name}
        columns={[
          { title: say(SECURITY.event), cell: ({ name }) => <Text value={name.replaceAll('_', ' ')} /> },
          {
            title: say(SECURITY.severity),
            cell: ({ severity }) => (
              <Badge tone={SEVERITY_TONES[severity] ?? 'quiet'}>{sayCode(SEVERITY_WORDS, severity)}</Badge>
            ),
          },
          { title: say(SECURITY.owasp), cell: ({ owasp }) => <code>{owasp.join(', ')}</code> },
          ...COUNTED.map((column) => column()),
        ]}
      />
    </Panel>
  );
}

function Guards({ guards }: Pick<SecurityAnswer, 'guards'>) {
  const words = { True: SECURITY.guardUp, False: SECURITY.guardDown, Unknown: STATUSES.Unknown };
  return (
    <Panel title={say(SECURITY.guards)} hint={say(SECURITY.guardsHint)}>
      <ul class="lines">
        {guards.map(({ name, status, sentence }) => (
          <li key={name} class="line">
            <p class="row">
              <strong>
                <Text value={name} />
              </strong>
              <Badge tone={CONDITION_TONES[status]}>{say(words[status])}</Badge>
            </p>
            <p class="soft">
              <Sentence value={sentence} />
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
