/** The ledger itself: a search, what is signed and witnessed, and what can be taken away as evidence. */
import { useState } from 'preact/hooks';
import type { CheckpointsAnswer, RecordsAnswer, RunEntry } from '#services/console/api/answers.ts';
import { type Query, useQuery } from '../../app/query.ts';
import { useTitle } from '../../app/title.ts';
import { AgentLink } from '../../parts/agent-link.tsx';
import { Count, Duration } from '../../parts/amounts.tsx';
import { Answered, Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { headOf, RunOf } from '../../records/record-lines.tsx';
import { askAgain } from '../../server/answers.ts';
import { pathOf, withQuery } from '../../server/paths.ts';
import { isRecord } from '../../server/request-problem.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { GENERAL } from '../../words/general-words.ts';
import { say, sayCode } from '../../words/say.ts';
import { LedgerFilters } from './ledger-filters.tsx';
import { LEDGER, TYPES } from './ledger-words.ts';
import { exportPath, fromOf, readLedgerQuery } from './ledger-query.ts';

const PAGE_RECORDS = 50;

export function LedgerView() {
  useTitle(say(LEDGER.title));
  const query = useQuery();
  return (
    <div class="stack">
      <Panel title={say(LEDGER.search)} tools={<ExportLinks query={query} />}>
        <div class="panel__body">
          <LedgerFilters query={query} />
        </div>
        <Records query={query} />
      </Panel>
      <Checkpoints />
    </div>
  );
}

function Records({ query }: { readonly query: Query }) {
  const { namespace, type, agent, run, hours, after } = readLedgerQuery(query.values);
  // The beginning of the time is fixed when the view opens: a search that moves on by itself cannot be paged.
  const [openedAt] = useState(() => Date.now());
  const path = withQuery('/v1/records', {
    namespace,
    types: type,
    agent,
    run,
    from: fromOf(hours, openedAt),
    after,
    limit: PAGE_RECORDS,
  });
  const answer = useAnswer<RecordsAnswer>(path);
  return (
    <Answered answer={answer} onRetry={() => askAgain(path)} lines={10}>
      {({ entries, position, isEnd }) => (
        <>
          {entries.length === 0 ? (
            <Empty icon="search" title={say(LEDGER.none)}>
              {say(LEDGER.noneHint)}
            </Empty>
          ) : (
            <RecordsTable entries={entries} />
          )}
          {after === '' && isEnd ? null : (
            <nav class="panel__foot row" aria-label={say(LEDGER.search)}>
              <button
                type="button"
                class="button"
                aria-disabled={after === ''}
                onClick={() => query.set({ after: undefined }, true)}
              >
                {say(LEDGER.first)}
              </button>
              <button
                type="button"
                class="button"
                aria-disabled={isEnd}
                onClick={() => (isEnd ? undefined : query.set({ after: String(position) }, true))}
              >
                {say(LEDGER.next)}
                <Icon name="chevron-right" />
              </button>
            </nav>
          )}
        </>
      )}
    </Answered>
  );
}

const textOf = (record: RunEntry['record'], name: string): string => {
  const value = record[name];
  return typeof value === 'string' ? value : '';
};

function RecordsTable({ entries }: Pick<RecordsAnswer, 'entries'>) {
  return (
    <DataTable
      label={say(LEDGER.search)}
      rows={entries}
      keyOf={({ position }) => String(position)}
      columns={[
        { title: say(LEDGER.position), cell: ({ position }) => <code>{position}</code> },
        { title: say(LEDGER.type), cell: ({ record }) => sayCode(TYPES, textOf(record, 'type')) },
        { title: say(LEDGER.what), cell: ({ record }) => <What record={record} /> },
        { title: say(LEDGER.who), cell: ({ record }) => <AgentOf record={record} /> },
        { title: say(LEDGER.run), cell: ({ record }) => <RunOf record={record} /> },
        {
          title: say(GENERAL.time),
          cell: ({ receivedMicroseconds }) => (
            <span class="small">
              <Time at={receivedMicroseconds} as="both" />
            </span>
          ),
        },
        {
          title: say(LEDGER.evidence),
          cell: ({ record, position }) => (
            <a
              class="button button--small button--quiet"
              href={`/v1/records${pathOf(textOf(record, 'namespace'), textOf(record, 'id'))}/evidence`}
              aria-label={say(LEDGER.evidenceOf, { position })}
              download
            >
              <Icon name="download" />
            </a>
          ),
        },
      ]}
    />
  );
}

function What({ record }: Pick<RunEntry, 'record'>) {
  const sentence = textOf(record, 'sentence');
  return (
    <>
      <strong>
        <Text value={headOf(record)} />
      </strong>{' '}
      {sentence === '' ? null : (
        <span class="soft">
          <Sentence value={sentence} />
        </span>
      )}
    </>
  );
}

function AgentOf({ record }: Pick<RunEntry, 'record'>) {
  const { agent } = record;
  if (!isRecord(agent) || typeof agent['name'] !== 'string') return null;
  return <AgentLink namespace={textOf(record, 'namespace')} name={agent['name']} />;
}

function ExportLinks({ query }: { readonly query: Query }) {
  const read = readLedgerQuery(query.values);
  if (read.namespace === '') return <span class="small faint">{say(LEDGER.exportChoose)}</span>;
  return (
    <>
      <span class="hidden-but-read">{say(LEDGER.exportHint)}</span>
      {(['jsonl', 'csv'] as const).map((format) => (
        <a
          key={format}
          class="button button--small"
          href={exportPath(read, format)}
          download
          title={say(LEDGER.exportHint)}
        >
          <Icon name="download" />
          {say(LEDGER.export)} {format.toUpperCase()}
        </a>
      ))}
    </>
  );
}

function Checkpoints() {
  const path = '/v1/checkpoints';
  const answer = useAnswer<CheckpointsAnswer>(path, ['now'], 10_000);
  return (
    <Panel title={say(LEDGER.checkpoints)} hint={say(LEDGER.checkpointsHint)}>
      <Answered answer={answer} onRetry={() => askAgain(path)} lines={4}>
        {({ logs }) => (
          <DataTable
            label={say(LEDGER.checkpoints)}
            rows={logs}
            keyOf={({ origin }) => origin}
            columns={[
              {
                title: say(LEDGER.log),
                cell: ({ namespace, origin, problem }) => (
                  <>
                    <strong>{namespace}</strong> <span class="small faint">{origin}</span>
                    {problem === null ? null : (
                      <span class="block tone--bad toned">
                        <Icon name="octagon-x" /> <Sentence value={problem} />
                      </span>
                    )}
                  </>
                ),
              },
              { title: say(LEDGER.size), isNumber: true, cell: ({ size }) => <Count value={size} /> },
              {
                title: say(LEDGER.age),
                isNumber: true,
                cell: ({ ageSeconds }) => (
                  <Duration value={ageSeconds === null ? null : ageSeconds * 1_000_000} />
                ),
              },
              {
                title: say(LEDGER.witness),
                cell: ({ isWitnessed }) => (
                  <Badge
                    tone={isWitnessed ? 'good' : 'warn'}
                    icon={isWitnessed ? 'shield-check' : 'triangle-alert'}
                  >
                    {say(isWitnessed ? LEDGER.witnessed : LEDGER.notWitnessed)}
                  </Badge>
                ),
              },
              { title: say(LEDGER.root), cell: ({ rootHash }) => <code class="small">{rootHash}</code> },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
