/** What the probes of an agent say: cases with a known answer, asked on a schedule. Silence is no good news. */
import type { Finding } from '../observation/agent-row.ts';
import type { KnownAgent } from './fleet-knowledge.ts';
import { PROBE_RULE, type ProbeWatch, type ToldRound } from './probe-watch.ts';
import { bounded, counted, duration, moment, percent } from './sentences.ts';

/** Two rounds were missed, and half of another one is patience. */
const MISSED_ROUNDS = 2.5;

export function judgeProbes(
  probes: ProbeWatch,
  { probesEverySeconds }: Pick<KnownAgent, 'probesEverySeconds'>,
  nowMicroseconds: number,
): Finding {
  const { round, share } = probes;
  const unknown = { status: 'Unknown', sinceMicroseconds: null } as const;
  if (probesEverySeconds === null) {
    return { ...unknown, reason: 'NotPlanned', sentence: 'No probes are planned for this agent.' };
  }
  const idle = idleRound(probes, MISSED_ROUNDS * probesEverySeconds * 1_000_000, nowMicroseconds);
  if (idle !== undefined) {
    const why = idle.sentence ?? `None of its ${idle.planned} cases got an answer.`;
    const sentence = bounded(
      `The round of probes at ${moment(idle.atMicroseconds)} found nothing out. ${why}`,
    );
    return { ...unknown, reason: 'NothingAsked', sentence, sinceMicroseconds: idle.atMicroseconds };
  }
  if (round === null) {
    return { ...unknown, reason: 'NoProbes', sentence: 'Probes are planned, and none has answered yet.' };
  }
  const every = probesEverySeconds * 1_000_000;
  const missed = Math.floor((nowMicroseconds - round.lastMicroseconds) / every);
  if (nowMicroseconds - round.lastMicroseconds > MISSED_ROUNDS * every) {
    const sentence = `The last ${missed} rounds of probes are missing: the last answered at ${moment(round.lastMicroseconds)}, and one is due every ${duration(every)}.`;
    return { ...unknown, reason: 'ProbesMissed', sentence, sinceMicroseconds: round.lastMicroseconds };
  }
  const { good, bad } = round;
  const last = `${good} of ${counted(good + bad, 'probe')} answered well at ${moment(round.lastMicroseconds)}`;
  if (share.phase === 'learning') {
    const seen = share.seen.good + share.seen.bad;
    const sentence = `${last}; what is usual is being learned: ${seen} of ${PROBE_RULE.learnedFromRuns}.`;
    return { ...unknown, reason: 'Learning', sentence };
  }
  if (!share.isDrifting) {
    const sentence = `${last}; usually at most ${percent(share.usual)} do not.`;
    return { status: 'True', reason: 'AsUsual', sentence: bounded(sentence), sinceMicroseconds: null };
  }
  const seen = share.since?.seen ?? { good: 0, bad: 0 };
  const since = share.since?.atMicroseconds ?? nowMicroseconds;
  const sentence = `${seen.bad} of ${counted(seen.good + seen.bad, 'probe')} since ${moment(since)} were answered badly; usually at most ${percent(share.usual)} are.`;
  return { status: 'False', reason: 'ProbesFell', sentence: bounded(sentence), sinceMicroseconds: since };
}

/** The latest round, when it came to no verdict. One that is long past says no more than that others are missing. */
function idleRound(
  { told, round }: ProbeWatch,
  longestMicroseconds: number,
  nowMicroseconds: number,
): ToldRound | undefined {
  if (told === null || told.judged > 0 || nowMicroseconds - told.atMicroseconds > longestMicroseconds) {
    return undefined;
  }
  return told.atMicroseconds > (round?.lastMicroseconds ?? 0) ? told : undefined;
}
