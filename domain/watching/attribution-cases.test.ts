import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import type { FleetKnowledge, KnownAgent, KnownChange } from './fleet-knowledge.ts';
import { FleetWatch } from './fleet-watch.ts';
import {
  BEGINNING,
  DAY,
  DIGEST,
  HOUR,
  knowledge,
  knownAgent,
  modelAttempt,
  probeOutcome,
  runBegun,
  runEnded,
} from './testing/entries.ts';

/** Two weeks as usual, then one hour in which two of five answers do not fit. */
const TROUBLE = BEGINNING + 14 * DAY;
const NOW = TROUBLE + HOUR;
const USUAL_MINUTES = 14 * 24 * 60;

interface Scene {
  readonly title: string;
  readonly cause: string;
  /** What answers, by the time and the number of the call. */
  readonly served?: (at: number, index: number) => string;
  readonly probes?: (at: number) => number;
  readonly input?: (at: number) => number;
  /** Whose runs go badly; everybody's when not given. */
  readonly session?: string;
  readonly generation?: (at: number) => number;
  readonly changes?: readonly KnownChange[];
  readonly rollout?: 'running';
}

const change = (kind: KnownChange['kind'], atMicroseconds: number): KnownChange => ({
  kind,
  atMicroseconds,
  sentence: `The ${kind} was changed.`,
});
const steadily = (): number => 0.98;
const newBuild = (at: number): string => (at >= TROUBLE - HOUR ? 'gpt-fast-2026-02' : 'gpt-fast-2026-01');

const SCENES: readonly Scene[] = [
  { title: 'another model answers under the name', cause: 'served_model_changed', served: newBuild },
  {
    title: 'another model answers while a rollout of the agent runs',
    cause: 'served_model_changed',
    served: newBuild,
    rollout: 'running',
    changes: [change('agent', TROUBLE - HOUR)],
  },
  {
    title: 'another model answers and probes fall too',
    cause: 'served_model_changed',
    served: newBuild,
    probes: (at) => (at >= TROUBLE - HOUR ? 0.4 : 0.98),
  },
  { title: 'a tool was changed', cause: 'tools_changed', changes: [change('tools', TROUBLE - HOUR)] },
  {
    title: 'knowledge was changed, and probes are as ever',
    cause: 'knowledge_changed',
    changes: [change('knowledge', TROUBLE - 2 * HOUR)],
    probes: steadily,
  },
  { title: 'the Agent was changed', cause: 'agent_changed', generation: (at) => (at >= TROUBLE ? 4 : 3) },
  {
    title: 'other Models were allowed',
    cause: 'model_changed',
    changes: [change('model', TROUBLE - HOUR / 2)],
  },
  {
    title: 'probes fell and nothing is known to have changed',
    cause: 'probes_fell',
    probes: (at) => (at >= TROUBLE - HOUR ? 0.4 : 0.98),
  },
  {
    title: 'only what comes in is another',
    cause: 'input_shifted',
    probes: steadily,
    input: (at) => (at >= TROUBLE - HOUR ? 9_000 : 800),
  },
  { title: 'it is the runs of one session', cause: 'one_source', probes: steadily, session: 'f'.repeat(32) },
  { title: 'nothing changed and probes are as ever', cause: 'unknown', probes: steadily },
  { title: 'nothing changed and nobody probes', cause: 'unknown' },
  {
    title: 'what was changed three days ago is no reason',
    cause: 'unknown',
    changes: [change('tools', TROUBLE - 3 * DAY)],
  },
  {
    title: 'builds that take turns all the time are no reason',
    cause: 'unknown',
    served: (_, index) => `gpt-fast-build-${Math.floor(index / 97) % 20}`,
  },
];

test.each(SCENES)('Drift is put down to $cause when $title', (scene) => {
  const { agent, attention } = judged(scene);
  expect(agent.drift.status).toBe('True');
  const [item] = attention;
  expect(item).toMatchObject({ kind: 'drift' });
  expect(item?.causes[0]?.cause).toBe(scene.cause);
  // A rollout is not to blame for what the world did.
  const ours = item?.causes.filter(({ cause }) => cause === 'prompt_changed' || cause === 'agent_changed');
  expect(scene.cause === 'served_model_changed' ? ours : []).toEqual([]);
});

function judged(scene: Scene): {
  readonly agent: ReturnType<FleetWatch['judge']>['rows'][number];
  readonly attention: ReturnType<FleetWatch['judge']>['attention'];
} {
  const watch = new FleetWatch({ timeZone: 'UTC', falseAlarmsPerWeek: 1 });
  for (const entry of entriesOf(scene)) watch.see(entry);
  const { rows, attention } = watch.judge(NOW, knowledgeOf(scene));
  const [agent] = rows;
  if (agent === undefined) throw new Error('The agent is known.');
  return { agent, attention };
}

function knowledgeOf({ changes = [], rollout, probes }: Scene): FleetKnowledge {
  const agent: Partial<KnownAgent> = { changes, probesEverySeconds: probes === undefined ? null : 1800 };
  const running = {
    namespace: 'shop',
    name: 'mail',
    agents: ['mailer'],
    phase: 'Progressing',
    sentence: 'mail-b takes 10 %.',
    sinceMicroseconds: TROUBLE - DAY,
    isRunning: true,
    waitsForPerson: false,
  };
  return knowledge(NOW, {
    agents: [knownAgent(agent)],
    rollouts: rollout === undefined ? [] : [running],
  });
}

/** A run every ten minutes, in the hour of trouble twice a minute; half of them of one of some sessions. */
function entriesOf(scene: Scene): readonly LedgerEntry[] {
  const { served = () => 'gpt-fast-2026-01', input = () => 800, generation = () => 3 } = scene;
  const draw = seededRandom(17);
  const entries: LedgerEntry[] = [];
  let index = 0;
  const runs = (at: number): void => {
    index += 1;
    const isTrouble = at >= TROUBLE;
    const session = index % 4 === 0 ? 'f'.repeat(32) : `${index % 50}`.padStart(32, '0');
    const isBad = draw() < (isTrouble && isHit(scene, session) ? badShare(scene) : 0.02);
    const isOfCandidate = scene.rollout !== undefined && at > TROUBLE - DAY && index % 10 === 0;
    entries.push(
      modelAttempt({ at }, { modelServed: served(at, index) }),
      runBegun({ at }, Math.round(input(at) * Math.exp(0.3 * (draw() - 0.5)))),
      runEnded(
        { at: at + 1000 },
        {
          run: { id: `run-${index}`, session },
          agent: { name: 'mailer', generation: generation(at) },
          prompt: isOfCandidate
            ? { digest: 'c'.repeat(64), arm: 'candidate' }
            : { digest: DIGEST, arm: 'stable' },
          firstAnswerFits: isBad ? 'no' : 'yes',
        },
      ),
    );
    const share = scene.probes?.(at);
    if (share !== undefined && index % 3 === 0) entries.push(probeOutcome({ at: at + 2000 }, draw() < share));
  };
  for (let minute = 0; minute < USUAL_MINUTES; minute += 10) runs(BEGINNING + minute * 60_000_000);
  for (let half = 0; half < 120; half += 1) runs(TROUBLE + half * 30_000_000);
  return entries;
}

function isHit({ session }: Scene, ofRun: string): boolean {
  return session === undefined || session === ofRun;
}

function badShare({ session }: Scene): number {
  return session === undefined ? 0.4 : 0.9;
}
