/** Objects whose every free word is hostile: Agents as many as there are texts, and some CanaryRollouts and Models. */
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';
import { AGENTS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { MODELS } from '#operator/model/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import type { World } from '#test/cluster/operator/operator-world.ts';
import { readyStatus } from './fleet-objects.ts';
import { HOSTILE_TEXTS, type HostileText } from './hostile-texts.ts';
import { inTurns } from './in-turns.ts';
import { releaseStatus } from './rollout-statuses.ts';

export const HOSTILE_NAMESPACE = 'mischief';
const AT_ONCE = 24;
/** Of the texts, which a rollout and a Model are made of too. */
const ONE_IN = 9;
const DESCRIPTION_MAXIMUM = 1_024;
const MESSAGE_MAXIMUM = 2_048;
const MODEL_MAXIMUM = 256;

export function hostileAgentName({ number, group }: Pick<HostileText, 'number' | 'group'>): string {
  // As far as Kubernetes allows: a name that ends in digits, is a word of HTML, or looks like a link.
  return `${['xn--80ak6aa92e', 'script', 'on-error', 'javascript-alert', 'constructor'][number % 5] ?? ''}-${group}-${number}`;
}

export async function createHostileObjects(world: World): Promise<void> {
  await world.createNamespace(HOSTILE_NAMESPACE);
  await inTurns(HOSTILE_TEXTS, AT_ONCE, async (hostile) => {
    await createHostileAgent(world, hostile);
    if (hostile.number % ONE_IN !== 0) return;
    await createHostileModel(world, hostile);
    await createHostileRollout(world, hostile);
  });
}

async function createHostileAgent(world: World, hostile: HostileText): Promise<void> {
  const name = hostileAgentName(hostile);
  await world.create(AGENTS, {
    metadata: { namespace: HOSTILE_NAMESPACE, name, annotations: { note: hostile.text } },
    spec: {
      description: cut(hostile.text, DESCRIPTION_MAXIMUM),
      promptRef: { name: `constructor-${hostile.number - (hostile.number % ONE_IN)}` },
      modelPolicy: { allow: [{ name: `javascript-${hostile.number - (hostile.number % ONE_IN)}` }] },
    },
  });
  const status = readyStatus('PodsReady', cut(hostile.text, MESSAGE_MAXIMUM));
  await world.patch(AGENTS, HOSTILE_NAMESPACE, name, { status }, 'status');
}

async function createHostileModel(world: World, { number, text }: HostileText): Promise<void> {
  const name = `javascript-${number}`;
  await world.create(MODELS, {
    metadata: { namespace: HOSTILE_NAMESPACE, name },
    spec: {
      provider: 'OpenAI',
      model: cut(text, MODEL_MAXIMUM) || ' ',
      keyFrom: { secretRef: { name: 'script' } },
      capabilities: ['Chat'],
    },
  });
  const status = readyStatus('Usable', cut(text, MESSAGE_MAXIMUM));
  await world.patch(MODELS, HOSTILE_NAMESPACE, name, { status }, 'status');
}

async function createHostileRollout(world: World, { number, text }: HostileText): Promise<void> {
  const prompt = `constructor-${number}`;
  const [stable, candidate] = await Promise.all(
    ['stable', 'candidate'].map(async (arm) => {
      const source = `${arm} ${text}`;
      const digest = promptDigest(source);
      const name = promptVersionName(prompt, digest);
      await world.create(PROMPT_VERSIONS, {
        metadata: { namespace: HOSTILE_NAMESPACE, name },
        spec: {
          prompt,
          text: source,
          digest,
          source: { author: cut(text, MODEL_MAXIMUM), path: text.slice(0, 1_024) },
        },
      });
      return { name, digest };
    }),
  );
  if (stable === undefined || candidate === undefined) throw new Error('There are two versions.');
  await world.create(CANARY_ROLLOUTS, {
    metadata: { namespace: HOSTILE_NAMESPACE, name: prompt },
    spec: {
      prompt,
      versionRef: { name: candidate.name },
      steps: [{ setExposure: { percent: '5' } }, { analyse: {} }],
    },
  });
  const at = new Date().toISOString();
  const released = releaseStatus({ stable, candidate, moment: 'paused', at });
  const message = cut(text, MESSAGE_MAXIMUM);
  const status = {
    ...released,
    conditions: released.conditions?.map((condition) => Object.assign(condition, { message })),
    paused: { reason: cut(text, 64), message, at },
    decision: { number: 2, kind: 'Advanced', reason: cut(text, 64), message, at },
    lastCommandProblem: message,
  };
  await world.patch(CANARY_ROLLOUTS, HOSTILE_NAMESPACE, prompt, { status }, 'status');
}

/** By code points, as the API server counts. */
function cut(text: string, maximum: number): string {
  return Array.from(text).slice(0, maximum).join('');
}
