/** A CanaryRollout with agents that tell the ledger, and what tests say to it and ask of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { MetricStatus } from '#crds/rollout-progress.ts';
import { judgingRules } from '#domain/judging/metric-rules.ts';
import { ROLLOUT_COMMAND_ANNOTATION, type RolloutCommand } from '#domain/rollout/rollout-command.ts';
import {
  ROLLOUT_DOCUMENT_KEY,
  type RolloutArm,
  RolloutDocument,
  rolloutConfigMapName,
} from '#domain/rollout/rollout-document.ts';
import { CandidateFollower } from '#operator/canary-rollout/outcomes/candidate-follower.ts';
import { CANARY_ROLLOUTS, ROLLOUT_CONFIG_MAPS } from '#operator/canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { aPromptVersion, aReleasedPrompt } from './objects.ts';
import { type AnyObject, type World, eventually } from './operator-world.ts';
import { type Conduct, type TellingAgent, type ToldRun, startTellingAgent } from './telling-agents.ts';
import type { WorldLedger } from './world-ledger.ts';

const NAME = 'greeter';
const PATIENCE_SECONDS = 60;
const HISTORY_RUNS = 40;
const BETWEEN_RUNS_MILLISECONDS = 25;
/** What is told so shortly before a candidate is judged with it, and is none of its agents' history (candidate-follower.ts). */
const CLOCK_DIFFERENCE_MILLISECONDS = 5_000;

/** `index`: of the run, since `forgetRuns`. */
type ConductOf = (arm: RolloutArm, index: number) => Conduct;

export interface JudgedRollout {
  readonly namespace: string;
  /** The PromptVersion that was stable first. */
  readonly first: AnyObject;
  readonly agents: readonly TellingAgent[];
  readonly rollout: () => Promise<AnyObject>;
  readonly edit: (spec: AnyObject) => Promise<void>;
  /** Makes the version, where there is none yet, and has the spec name it. */
  readonly want: (greeting: string) => Promise<AnyObject>;
  readonly ask: (command: Omit<RolloutCommand, 'id'>) => Promise<void>;
  /** Resolves with the status once it is so. */
  readonly statusIs: (expected: object) => Promise<AnyObject>;
  /** What is stored for agents. */
  readonly document: () => Promise<RolloutDocument>;
  /** Resolves with the document as soon as agents are told to take this version as candidate. */
  readonly isExposed: (candidate: AnyObject) => Promise<RolloutDocument>;
  /** Resolves as soon as agents are told to take this version and no other. */
  readonly isServedAlone: (version: AnyObject) => Promise<RolloutDocument>;
  /** Each agent runs so often, each time as the document says then or as one says that it still holds. */
  readonly run: (times: number, conductOf?: ConductOf, held?: RolloutDocument) => Promise<void>;
  /** Runs until what it returns is called, which resolves when the last one has ended. */
  readonly keepRunning: () => () => Promise<void>;
  /** Outcomes of the candidate that stand in the status. */
  readonly counted: () => Promise<number>;
  /** Resolves when the ledger has taken all that was told. */
  readonly taken: () => Promise<void>;
  /** Runs since `forgetRuns`. */
  readonly runs: readonly ToldRun[];
  readonly forgetRuns: () => void;
  /** Resolves with the status once it has counted just these runs, and never more than them. */
  readonly countsAreExact: () => Promise<AnyObject>;
  readonly close: () => Promise<void>;
}

export async function startJudgedRollout(
  world: World,
  ledger: WorldLedger,
  options: { readonly namespace: string; readonly agents: number; readonly directory: string },
): Promise<JudgedRollout> {
  const { namespace, directory } = options;
  const first = await aReleasedPrompt(world, namespace);
  const names = Array.from({ length: options.agents }, (_, index) => `greeter-${index}`);
  const agents = await Promise.all(
    names.map((name) => startTellingAgent(world, { namespace, name, ledgerUrl: ledger.url, directory })),
  );
  let runs: ToldRun[] = [];
  let commands = 0;
  const closing = new AbortController();

  const rollout: JudgedRollout['rollout'] = () => world.get(CANARY_ROLLOUTS, namespace, NAME);
  const patch = (change: AnyObject): Promise<AnyObject> =>
    world.patch(CANARY_ROLLOUTS, namespace, NAME, change);
  const document: JudgedRollout['document'] = async () => {
    const { data } = await world.get(ROLLOUT_CONFIG_MAPS, namespace, rolloutConfigMapName(NAME));
    return RolloutDocument.parse(JSON.parse(data[ROLLOUT_DOCUMENT_KEY]));
  };
  const documentIs = (check: (stored: RolloutDocument) => void): Promise<RolloutDocument> =>
    eventually(async () => {
      const stored = await document();
      check(stored);
      return stored;
    }, PATIENCE_SECONDS);
  const taken: JudgedRollout['taken'] = () =>
    eventually(async () => {
      const untaken = agents.reduce((sum, agent) => sum + agent.untaken(), 0);
      if (untaken > 0) throw new Error(`${untaken} records of ${namespace} are not in the ledger yet.`);
    }, PATIENCE_SECONDS);
  const run: JudgedRollout['run'] = async (times, conductOf = () => ({}), held) => {
    for (let round = 0; round < times; round += 1) {
      const followed = held ?? (await document());
      for (const agent of agents) runs.push(agent.run(followed, (arm) => conductOf(arm, runs.length)));
    }
  };
  const statusIs: JudgedRollout['statusIs'] = (expected) =>
    eventually(async () => {
      const { status } = await rollout();
      const { phase, decision } = status;
      expect(status, `${phase}: ${decision?.message}`).toMatchObject(expected);
      return status;
    }, PATIENCE_SECONDS);

  await run(HISTORY_RUNS);
  await taken();
  return {
    namespace,
    first,
    agents,
    rollout,
    edit: async (spec) => void (await patch({ spec })),
    want: async (greeting) => {
      const version = aPromptVersion(namespace, greeting);
      const { name } = version.metadata;
      if ((await world.get(PROMPT_VERSIONS, namespace, name)) === undefined) {
        await world.create(PROMPT_VERSIONS, version);
      }
      await patch({ spec: { versionRef: { name } } });
      return version;
    },
    ask: async (command) => {
      commands += 1;
      const text = JSON.stringify({ id: `command-${commands}`, ...command });
      await patch({ metadata: { annotations: { [ROLLOUT_COMMAND_ANNOTATION]: text } } });
    },
    statusIs,
    document,
    isExposed: ({ spec }) =>
      documentIs(({ candidate, exposure }) => {
        expect(candidate?.digest).toBe(spec.digest);
        expect(exposure?.basisPoints).toBeGreaterThan(0);
      }),
    isServedAlone: ({ spec }) =>
      documentIs(({ stable, candidate }) =>
        expect([stable.digest, candidate?.digest]).toEqual([spec.digest, undefined]),
      ),
    run,
    keepRunning: () => {
      const stopping = new AbortController();
      const over = AbortSignal.any([stopping.signal, closing.signal]);
      const running = (async () => {
        while (!over.aborted) {
          await run(1);
          await sleep(BETWEEN_RUNS_MILLISECONDS);
        }
      })();
      // Told to whoever ends it.
      running.catch(() => undefined);
      return async () => {
        stopping.abort();
        await running;
      };
    },
    counted: async () => {
      const [metric] = (await rollout()).status.analysis?.metrics ?? [];
      return metric === undefined ? 0 : metric.candidate.good + metric.candidate.bad;
    },
    taken,
    get runs() {
      return runs;
    },
    forgetRuns: () => {
      runs = [];
    },
    countsAreExact: async () => {
      await taken();
      return await eventually(async () => {
        const { spec, status } = await rollout();
        const [metric] = status.analysis.metrics;
        const counted = (arm: RolloutArm): number => metric[arm].good + metric[arm].bad;
        const told = (arm: RolloutArm): number => sessionsOf(runs, arm, status[arm].digest);
        expect(counted('candidate')).toBe(told('candidate'));
        expect(counted('stable')).toBe(told('stable'));
        expect(metric).toEqual(await countedAnew(ledger, namespace, spec, status));
        return status;
      }, PATIENCE_SECONDS);
    },
    close: async () => {
      closing.abort();
      await Promise.all(agents.map((agent) => agent.close()));
    },
  };
}

/** What an operator that never was disturbed would make of the ledger, in one go. */
async function countedAnew(
  { outcomes }: WorldLedger,
  namespace: string,
  spec: AnyObject,
  { analysis, ...status }: AnyObject,
): Promise<MetricStatus | undefined> {
  const follower = await CandidateFollower.begin(
    {
      rollout: { namespace, name: NAME },
      unit: status.exposure.unit,
      rules: judgingRules(spec.analysis),
      stableDigest: status.stable.digest,
      candidateDigest: status.candidate.digest,
      since: analysis.since,
      saved: undefined,
    },
    outcomes,
    () => undefined,
  );
  while (!(await follower.turn()).isEnd);
  return follower.analysis(1, new Date()).metrics[0];
}

/** One run without a session is one. */
function sessionsOf(runs: readonly ToldRun[], arm: RolloutArm, digest: string): number {
  const sessions = runs.flatMap((one, index) =>
    one.arm === arm && one.digest === digest ? [one.session ?? index] : [],
  );
  return new Set(sessions).size;
}

/** Resolves when what was told so far, of whatever rollout, is history to a candidate that begins now. */
export async function isHistory({ outcomes }: WorldLedger, namespace: string): Promise<void> {
  const rollout = { namespace, name: NAME };
  const end = await outcomes.positionBefore(rollout, new Date(Date.now() + 60_000));
  await eventually(async () => {
    const earliest = new Date(Date.now() - CLOCK_DIFFERENCE_MILLISECONDS);
    const known = await outcomes.positionBefore(rollout, earliest);
    if (known < end) throw new Error(`${end - known} records are too young.`);
  }, PATIENCE_SECONDS);
}
