/** A notification in words: one line that says what it is about, and the lines below it. No markup, nothing that cannot be seen. */
import { agentKey } from './due-causes.ts';
import type { CauseEvent, CauseNotification, MoreNotification, Notification } from './notification.ts';

const TITLE_LENGTH = 200;
const LINE_LENGTH = 1_200;
const AGENTS_NAMED = 10;
const RUNS_NAMED = 3;
const CAUSES_NAMED = 3;
/** Controls, invisible formats, odd line ends, lone surrogates and what has no meaning of its own. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu;

export interface Words {
  readonly subject: string;
  readonly lines: readonly string[];
}

const BEFORE_TITLE: Readonly<Record<CauseEvent, string>> = {
  began: '',
  changed: 'Changed: ',
  reminder: 'Still so: ',
  resolved: 'Over: ',
};

/** `consoleUrl`: where people can look. */
export function wordsOf(notification: Notification, consoleUrl: string | undefined): Words {
  const words = notification.event === 'more' ? moreWords(notification) : causeWords(notification);
  const where = consoleUrl === undefined ? [] : [`Console: ${consoleUrl}`];
  return { subject: words.subject, lines: [...words.lines, ...where] };
}

function causeWords({ event, item, newAgents, atMicroseconds }: CauseNotification): Words {
  const subject = `[${item.urgency}] ${BEFORE_TITLE[event]}${oneLine(item.title, TITLE_LENGTH)}`;
  const isNewsOfAgents = event === 'changed' && newAgents.length > 0;
  return {
    subject,
    lines: [
      oneLine(item.why, LINE_LENGTH),
      ...whenOf(event, item.sinceMicroseconds, atMicroseconds),
      ...(isNewsOfAgents ? [`New: ${namesOf(newAgents.map(agentKey))}`] : []),
      ...(item.agents.length > 0
        ? [`${count(item.agents.length, 'agent')}: ${namesOf(item.agents.map(agentKey))}`]
        : []),
      ...(event === 'resolved' ? [] : likelyCauses(item.causes)),
      ...(event === 'resolved' ? [] : runsOf(item.runs)),
    ],
  };
}

/** Nothing where it is not known when it began. */
function whenOf(event: CauseEvent, sinceMicroseconds: number, atMicroseconds: number): readonly string[] {
  if (sinceMicroseconds <= 0) return [];
  const since = timeOf(sinceMicroseconds);
  const lasted = lengthOf(atMicroseconds - sinceMicroseconds);
  return [
    event === 'resolved'
      ? `It began ${since} and is over after ${lasted}.`
      : `Since ${since}, for ${lasted}.`,
  ];
}

function likelyCauses(causes: CauseNotification['item']['causes']): readonly string[] {
  return causes.slice(0, CAUSES_NAMED).map(({ sentence, atMicroseconds }, index) => {
    const when = atMicroseconds === null ? '' : ` (${timeOf(atMicroseconds)})`;
    return `${index === 0 ? 'Most likely' : 'Or'}: ${oneLine(sentence, LINE_LENGTH)}${when}`;
  });
}

function runsOf(runs: CauseNotification['item']['runs']): readonly string[] {
  if (runs.length === 0) return [];
  const named = runs
    .slice(0, RUNS_NAMED)
    .map(({ namespace, id }) => oneLine(`${namespace}/${id}`, TITLE_LENGTH));
  return [`Runs to look at: ${named.join(', ')}`];
}

function moreWords({ urgency, total, causes }: MoreNotification): Words {
  const listed = causes.map(({ event, title, agents }) => {
    const of = agents === 0 ? '' : ` (${count(agents, 'agent')})`;
    return `- ${BEFORE_TITLE[event]}${oneLine(title, TITLE_LENGTH)}${of}`;
  });
  const unlisted = total - causes.length;
  return {
    subject: `[${urgency}] And ${total} more`,
    lines: [
      'There were as many messages in the last hour as this receiver may have, so the rest comes in one:',
      ...listed,
      ...(unlisted > 0 ? [`- and ${unlisted} more`] : []),
    ],
  };
}

function namesOf(names: readonly string[]): string {
  const named = names.slice(0, AGENTS_NAMED).join(', ');
  return names.length > AGENTS_NAMED ? `${named} and ${names.length - AGENTS_NAMED} more` : named;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** On one line, without anything that cannot be seen, cut to a length. */
export function oneLine(text: string, length: number): string {
  const line = text.toWellFormed().replaceAll(UNSEEN, ' ').replaceAll(/\s+/g, ' ').trim();
  const letters = Array.from(line);
  return letters.length > length ? `${letters.slice(0, length - 1).join('')}…` : line;
}

/** `2026-11-26 14:03 UTC` */
export function timeOf(microseconds: number): string {
  return `${isoOf(microseconds).slice(0, 16).replace('T', ' ')} UTC`;
}

/** RFC 3339. */
export function isoOf(microseconds: number): string {
  const date = new Date(microseconds / 1_000);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
}

/** In the largest unit that it fills twice. */
function lengthOf(microseconds: number): string {
  const minutes = Math.max(0, Math.round(microseconds / 60_000_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return count(minutes, 'minute');
  return minutes < 2_880
    ? count(Math.round(minutes / 60), 'hour')
    : count(Math.round(minutes / 1_440), 'day');
}
