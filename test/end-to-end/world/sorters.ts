/** A team whose agents sort mails by one prompt, and what is said to them: the traffic of a canary. */
import { INSTANCE, apply, serviceUrl, untilReady } from './cluster.ts';
import { agent, namespaceObject, promptVersion } from './objects.ts';
import { type PaidProvider, startPaidProvider } from './paid-provider.ts';
import { type RunAnswer, ask } from './runs.ts';

export const SORTERS = 'team-sorters';
export const AGENT_NAMES = ['sorter-a', 'sorter-b', 'sorter-c', 'sorter-d'] as const;

type PromptVersionObject = ReturnType<typeof promptVersion>;

/** The provider answers these words as a model would that was asked for JSON. */
const AS_JSON = 'answer in JSON';
const IN_PROSE = 'say in prose what you think';

function sorterPrompt(how: string): string {
  return `---
input:
  schema:
    mail: string
config:
  temperature: 0
---
{{role "user"}}
Sort this mail and ${how}: {{mail}}
`;
}

/** A good one for each number: the text differs, the answers do not. */
export const goodVersion = (number: number): PromptVersionObject =>
  promptVersion('sorter', sorterPrompt(`${AS_JSON} (wording ${number})`), SORTERS);

/** It asks for prose where the agents must answer with JSON. */
export const badVersion = (number: number): PromptVersionObject =>
  promptVersion('sorter', sorterPrompt(`${IN_PROSE} (wording ${number})`), SORTERS);

export interface Sorters extends AsyncDisposable {
  readonly provider: PaidProvider;
  /** Asks every agent once, at the same time. */
  readonly askAll: () => Promise<readonly RunAnswer[]>;
  /** Asks all agents, again and again, until `isDone`; throws after `maximumRounds`. */
  readonly askUntil: (what: string, isDone: () => Promise<boolean>, maximumRounds?: number) => Promise<void>;
}

export async function startSorters(): Promise<Sorters> {
  await using resources = new AsyncDisposableStack();
  const provider = await startPaidProvider(INSTANCE.addresses.hostAddress, ['key-sorters']);
  resources.defer(() => provider.stop());
  provider.answerWith(AS_JSON, '{"category":"ham"}');
  provider.answerWith(IN_PROSE, 'It looks like spam to me.');

  await apply(namespaceObject(SORTERS));
  await apply(
    ...provider.modelOf(SORTERS),
    ...AGENT_NAMES.map((name) =>
      agent(name, SORTERS, {
        promptRef: { name: 'sorter' },
        modelPolicy: { allow: [{ name: 'paid' }] },
        output: {
          schema: {
            type: 'object',
            properties: { category: { enum: ['spam', 'ham'] } },
            required: ['category'],
            additionalProperties: false,
          },
        },
      }),
    ),
    goodVersion(1),
    sorterRollout(goodVersion(1), []),
  );
  for (const name of AGENT_NAMES) await untilReady('agent', name, SORTERS);
  const urls = await Promise.all(AGENT_NAMES.map((name) => serviceUrl(`agent-${name}`, SORTERS)));
  let asked = 0;
  const askAll = (): Promise<readonly RunAnswer[]> => {
    asked += 1;
    return Promise.all(urls.map((url) => ask(url, { mail: `number ${asked}` })));
  };
  const askUntil: Sorters['askUntil'] = async (what, isDone, maximumRounds = 400) => {
    for (let round = 0; round < maximumRounds; round += 1) {
      if (round % 5 === 0 && (await isDone())) return;
      await askAll();
    }
    throw new Error(`After ${maximumRounds} questions to each agent it is not so that ${what}.`);
  };
  const owned = resources.move();
  return { provider, askAll, askUntil, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export function sorterRollout(version: PromptVersionObject, steps: readonly unknown[]): unknown {
  return rolloutOf({ versionRef: { name: version.metadata.name } }, steps);
}

/** Of what a PromptRepository follows. */
export function rolloutFromGit(repository: string, steps: readonly unknown[]): unknown {
  return rolloutOf({ source: { repositoryRef: { name: repository } } }, steps);
}

function rolloutOf(wanted: Readonly<Record<string, unknown>>, steps: readonly unknown[]): unknown {
  return {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'CanaryRollout',
    metadata: { name: 'sorter', namespace: SORTERS },
    spec: {
      prompt: 'sorter',
      ...wanted,
      // A wide margin: what is seen here is the machine, and bench/rollout says how little it can tell apart.
      analysis: { metrics: [{ metric: 'SchemaValid', promotionMarginPercent: '25' }] },
      steps,
    },
  };
}

/** A golden set that only JSON passes. */
export function hardMails(): unknown {
  const cases = Array.from({ length: 20 }, (_, index) =>
    JSON.stringify({ vars: { mail: `hard mail ${index}` }, assert: [{ type: 'is-json' }] }),
  );
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'hard-mails', namespace: SORTERS },
    data: { 'hard-mails.jsonl': cases.join('\n') },
  };
}
