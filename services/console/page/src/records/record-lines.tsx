/** Records of the ledger in a few lines each: decisions, commands, security events. */
import type { RunEntry } from '#services/console/api/answers.ts';
import { RunLink } from '../parts/agent-link.tsx';
import { Time } from '../parts/time.tsx';
import { isRecord } from '../server/request-problem.ts';
import { Sentence, Text } from '../text/text.tsx';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';

export function RecordLines({ entries }: { readonly entries: readonly RunEntry[] }) {
  if (entries.length === 0) return <p class="panel__body soft">{say(GENERAL.none)}</p>;
  return (
    <ol class="lines table-window" tabIndex={0} aria-label={say(GENERAL.records)}>
      {entries.map(({ position, receivedMicroseconds, record }) => (
        <li key={position} class="line">
          <p class="row">
            <strong>
              <Text value={headOf(record)} />
            </strong>
            <span class="small faint">
              <Time at={timeOf(record) ?? receivedMicroseconds} />
            </span>
            <RunOf record={record} />
          </p>
          <Words record={record} />
        </li>
      ))}
    </ol>
  );
}

type Fields = RunEntry['record'];
const textOf = (record: Fields, name: string): string | undefined => {
  const value = record[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

function timeOf(record: Fields): number | undefined {
  const at = record['atMicroseconds'];
  return typeof at === 'number' ? at : undefined;
}

/** What happened, in the one word that the record has for it. */
export function headOf(record: Fields): string {
  for (const name of ['verb', 'decision', 'event', 'action', 'outcome', 'status', 'cause']) {
    const word = textOf(record, name);
    if (word !== undefined) return word.replaceAll('_', ' ');
  }
  return (textOf(record, 'type') ?? '?').replaceAll('_', ' ');
}

function Words({ record }: { readonly record: Fields }) {
  const sentence = textOf(record, 'sentence');
  const [by, reason] = [textOf(record, 'by'), textOf(record, 'reason')];
  return (
    <p class="soft">
      {sentence === undefined ? null : <Sentence value={sentence} />}
      {by === undefined ? null : (
        <span>
          {' '}
          <Text value={by} />
        </span>
      )}
      {reason === undefined || sentence !== undefined ? null : (
        <span>
          {': '}
          <Text value={reason} />
        </span>
      )}
    </p>
  );
}

export function RunOf({ record }: { readonly record: Fields }) {
  const { run } = record;
  const namespace = textOf(record, 'namespace');
  if (!isRecord(run) || typeof run['id'] !== 'string' || namespace === undefined) return null;
  return <RunLink namespace={namespace} id={run['id']} />;
}
