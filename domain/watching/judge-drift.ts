/** Whether the quality of an agent drifted, by which signals, and why. */
import type { Finding } from '../observation/agent-row.ts';
import type { RankedCause } from '../observation/attention-item.ts';
import { type DriftEvidence, type OurChange, attributeDrift } from '../drift/attribution.ts';
import type { Watching } from '../drift/watched-share.ts';
import type { FleetState } from './fleet-watch.ts';
import type { KnownAgent, KnownChange } from './fleet-knowledge.ts';
import { judgeProbes } from './judge-probes.ts';
import type { SignalState, WatchedName } from './quality-watch.ts';
import { bounded, counted, moment, percent } from './sentences.ts';
import { BADNESS, SIGNALS, SIGNALS_OF_FAILURE, type Signal } from './signals.ts';
import { DAY_MICROSECONDS } from './time-units.ts';
import type { BadRun, WatchedAgent } from './watched-agent.ts';

export interface DriftingSignal {
  readonly signal: Signal;
  readonly watching: Watching;
  readonly state: SignalState;
  readonly sinceMicroseconds: number;
}

export interface DriftFinding {
  readonly finding: Finding;
  readonly isDrifting: boolean;
  /** The gravest first: the largest rise of the share. */
  readonly signals: readonly DriftingSignal[];
  /** It is that nothing comes of runs, and no question of quality. */
  readonly isOfFailuresAlone: boolean;
  /** Most likely first; none while nothing drifts. */
  readonly causes: readonly RankedCause[];
  readonly runs: readonly BadRun[];
}

/** Nothing recent is nothing known. */
const SILENT_AFTER_MICROSECONDS = DAY_MICROSECONDS;
/** So much of what went badly is from one source, and at most so much of all runs. */
const MOST_OF_BAD = 0.7;
const FEW_OF_ALL = 0.4;
const LEAST_BAD_RUNS = 6;

export function judgeDrift(
  state: FleetState,
  agent: WatchedAgent,
  known: KnownAgent,
  nowMicroseconds: number,
): DriftFinding {
  const signals = driftingSignals(agent);
  if (signals.length === 0) {
    const finding = findingWithout(agent, nowMicroseconds);
    return { finding, isDrifting: false, signals, isOfFailuresAlone: false, causes: [], runs: [] };
  }
  const names = new Set<string>(signals.map(({ signal }) => signal));
  const runs = agent.badRuns.filter(({ signals: bad }) => bad.some((signal) => names.has(signal)));
  const causes = attributeDrift(evidenceOf(state, agent, known, { signals, runs, nowMicroseconds }));
  const [first] = causes;
  const sinceMicroseconds = Math.min(...signals.map((signal) => signal.sinceMicroseconds));
  const sentence = [...signals.slice(0, 3).map(signalSentence), first?.sentence ?? ''].join('; ');
  return {
    finding: {
      status: 'True',
      reason: camelCase(first?.cause ?? 'unknown'),
      sentence: bounded(sentence),
      sinceMicroseconds,
    },
    isDrifting: true,
    signals,
    isOfFailuresAlone: signals.every(({ signal }) => SIGNALS_OF_FAILURE.has(signal)),
    causes: causes.slice(0, 8),
    runs,
  };
}

export function driftingSignals(agent: WatchedAgent): readonly DriftingSignal[] {
  const drifting: DriftingSignal[] = [];
  for (const signal of SIGNALS) {
    const state = agent.quality.stateOf(signal);
    const { watched } = state;
    if (watched.phase === 'learning' || !watched.isDrifting || watched.since === undefined) continue;
    const sinceMicroseconds = watched.since.atMicroseconds;
    drifting.push({ signal, watching: watched, state, sinceMicroseconds });
  }
  return drifting.toSorted((one, other) => riseOf(other) - riseOf(one));
}

function riseOf({ watching: { usual, since } }: DriftingSignal): number {
  const { good, bad } = since?.seen ?? { good: 1, bad: 0 };
  return bad / Math.max(1, good + bad) - usual;
}

function signalSentence({ signal, watching: { usual, since }, sinceMicroseconds }: DriftingSignal): string {
  const { good, bad } = since?.seen ?? { good: 0, bad: 0 };
  const share = percent(bad / Math.max(1, good + bad));
  return `${share} ${BADNESS[signal]} (${bad.toLocaleString('en-US')} of ${counted(good + bad, 'run')} since ${moment(sinceMicroseconds)}), usually at most ${percent(usual)}`;
}

function findingWithout(agent: WatchedAgent, nowMicroseconds: number): Finding {
  const { lastRunMicroseconds } = agent;
  const unknown = { status: 'Unknown', sinceMicroseconds: null } as const;
  if (lastRunMicroseconds === null || nowMicroseconds - lastRunMicroseconds > SILENT_AFTER_MICROSECONDS) {
    const last =
      lastRunMicroseconds === null ? 'it has had none' : `the last was at ${moment(lastRunMicroseconds)}`;
    return { ...unknown, reason: 'NoRuns', sentence: `No run in the last day (${last}): nothing is known.` };
  }
  const states = SIGNALS.map((signal) => agent.quality.stateOf(signal));
  const watched = states.filter((state) => state.watched.phase === 'watching');
  const learning = states.filter((state) => state.watched.phase === 'learning' && state.runs > 0);
  const runs = agent.quality.stateOf('failed').runs;
  if (agent.quality.stateOf('failed').watched.phase === 'learning') {
    const sentence = `What is usual is being learned: ${runs} of 500 runs on this prompt.`;
    return { ...unknown, reason: 'Learning', sentence };
  }
  const rest =
    learning.length === 0 ? '' : `; ${counted(learning.length, 'more is', 'more are')} being learned`;
  return {
    status: 'False',
    reason: 'AsUsual',
    sentence: `${counted(watched.length, 'signal')} of quality ${watched.length === 1 ? 'is' : 'are'} as usual${rest}.`,
    sinceMicroseconds: null,
  };
}

function evidenceOf(
  state: FleetState,
  agent: WatchedAgent,
  known: KnownAgent,
  drift: {
    readonly signals: readonly DriftingSignal[];
    readonly runs: readonly BadRun[];
    readonly nowMicroseconds: number;
  },
): DriftEvidence {
  const { signals, runs, nowMicroseconds } = drift;
  const [gravest] = signals;
  const probed = judgeProbes(agent.probes, known, nowMicroseconds);
  const { share } = agent.probes;
  const hasFallen = share.phase === 'watching' && share.isDrifting;
  return {
    sinceMicroseconds: gravest?.sinceMicroseconds ?? nowMicroseconds,
    foundMicroseconds: nowMicroseconds,
    servedChanges: servedChangesOf(state, agent),
    ourChanges: ourChangesOf(agent, known),
    probes: {
      trend: hasFallen ? 'fell' : probed.status === 'True' ? 'steady' : 'unknown',
      sinceMicroseconds: hasFallen ? (share.since?.atMicroseconds ?? null) : null,
      sentence: `The probes are answered worse too, so it is not what comes in: ${probed.sentence}`,
    },
    inputShift: inputShiftOf(agent),
    // No golden set of retrieval is asked yet.
    retrieval: { trend: 'unknown', sentence: '' },
    oneSource: oneSourceOf(agent, runs),
  };
}

export function servedChangesOf(
  { models }: Pick<FleetState, 'models'>,
  agent: WatchedAgent,
): readonly (KnownChange & { readonly model: string; readonly to: string })[] {
  const changes: (KnownChange & { readonly model: string; readonly to: string })[] = [];
  for (const name of agent.models.keys()) {
    for (const { atMicroseconds, from, to } of models.get(`${agent.namespace}/${name}`)?.servedChanges ??
      []) {
      const sentence = `Model ${name} has been answered by ${to} since ${moment(atMicroseconds)}, before by ${from}.`;
      changes.push({ atMicroseconds, kind: 'model', sentence: bounded(sentence), model: name, to });
    }
  }
  return changes.toSorted((one, other) => one.atMicroseconds - other.atMicroseconds);
}

/** What we changed, as ledger and informers tell it, oldest first. */
export function ourChangesOf(agent: WatchedAgent, known: KnownAgent): readonly OurChange[] {
  return [...agent.changes, ...known.changes].toSorted(
    (one, other) => one.atMicroseconds - other.atMicroseconds,
  );
}

function inputShiftOf(agent: WatchedAgent): DriftEvidence['inputShift'] {
  const shifts = (['long_inputs', 'short_inputs'] as const satisfies WatchedName[]).flatMap((name) => {
    const { watched } = agent.quality.stateOf(name);
    if (watched.phase === 'learning' || !watched.isDrifting || watched.since === undefined) return [];
    const { good, bad } = watched.since.seen;
    const than = name === 'long_inputs' ? 'longer' : 'shorter';
    const sentence = `What comes in is another: ${percent(bad / (good + bad))} of inputs are ${than} than 19 of 20 used to be.`;
    return [{ atMicroseconds: watched.since.atMicroseconds, sentence }];
  });
  return shifts[0];
}

function oneSourceOf({ sources }: WatchedAgent, runs: readonly BadRun[]): string | undefined {
  if (runs.length < LEAST_BAD_RUNS) return undefined;
  const ofSource = new Map<string, number>();
  for (const { source } of runs) ofSource.set(source, (ofSource.get(source) ?? 0) + 1);
  for (const [source, bad] of ofSource) {
    if (source === '' || bad < MOST_OF_BAD * runs.length) continue;
    const all = sources.filter((other) => other === source).length;
    if (all > FEW_OF_ALL * sources.length) continue;
    return `${bad} of the last ${runs.length} bad runs are of one session (${source}), which has ${percent(all / Math.max(1, sources.length))} of all runs.`;
  }
  return undefined;
}

function camelCase(code: string): string {
  return code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
