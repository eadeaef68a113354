/** What the laws of all providers need of each one's wire format: `fixtures.ts` in the folder of its dialect, found by its name. */
import { PROVIDERS, type Provider } from '#crds/model.ts';
import { providerDialectOf } from '../dialects.ts';

export interface ProviderFixtures {
  /** The name of a chat model at this provider. */
  readonly model: string;
  /** A whole answer that calls tools. */
  readonly answer: object;
  /** The events of a streamed answer that calls tools. */
  readonly events: readonly object[];
  /** The body of a streamed answer of text. */
  readonly textStream: string;
  /** The field that says why an answer ended. */
  readonly finishField: string;
  readonly refusal: (message: string, status: number) => object;
  /** The body of an answer with the JSON array `elements` where its parts stand, or its choices. */
  readonly answerOf: (elements: string) => string;
  /** The body of an answer with the JSON array `elements` as its one vector. */
  readonly embeddingsOf: (elements: string) => string;
  /** An event that begins one more call of a tool. */
  readonly toolCallEvent: (place: number) => object;
  /** Schemas go to the server as they come, so none is too large to be written out. */
  readonly passesSchemasOn?: true;
}

interface FixturesModule {
  readonly FIXTURES: Partial<Record<Provider, ProviderFixtures>>;
}

const dialects = new Set(PROVIDERS.map((provider) => providerDialectOf(provider).name));
const found = await Promise.all(
  [...dialects].map((name): Promise<FixturesModule> => import(`../${name}/fixtures.ts`)),
);
const FIXTURES: FixturesModule['FIXTURES'] = Object.assign({}, ...found.map((module) => module.FIXTURES));

export function fixturesOf(provider: Provider): ProviderFixtures {
  const fixtures = FIXTURES[provider];
  if (fixtures === undefined) {
    throw new Error(`${provider} has no fixtures: export them as FIXTURES from fixtures.ts in its folder.`);
  }
  return fixtures;
}
