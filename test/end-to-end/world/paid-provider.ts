/** The provider that costs money, on the host's end of the node's link, where pods can reach it. */
import { hostService, openAiModel, secret } from './objects.ts';
import { type FakeProviders, startFakeProviders } from '#test/fake-providers/fake-providers.ts';

export interface PaidProvider {
  /** What a team applies to use it: a Service, the first of the keys, and the Model `paid`. */
  readonly modelOf: (namespace: string) => readonly unknown[];
  readonly acceptKeys: (keys: readonly string[]) => void;
  /** The key of each chat request that was answered, in order. */
  readonly keysUsed: () => readonly string[];
  /** Whoever says these words is answered with a call of the tool, and after its result with a text. */
  readonly callTool: (words: string, tool: string, toolArguments: Readonly<Record<string, unknown>>) => void;
  /** Whoever says these words is answered with the text. */
  readonly answerWith: (words: string, text: string) => void;
  readonly stop: () => Promise<void>;
}

export async function startPaidProvider(host: string, keys: readonly string[]): Promise<PaidProvider> {
  const providers: FakeProviders = await startFakeProviders({ host, keys: { OpenAI: keys } });
  // As slow as a fast real one, so that there are always answers on their way when something is killed.
  providers.addFault({ delaySeconds: 0.15 });
  return {
    modelOf: (namespace) => [
      ...hostService('provider', namespace, host, Number(new URL(providers.url).port)),
      secret('provider-key', namespace, keys[0] ?? ''),
      openAiModel('paid', `http://provider.${namespace}.svc:8080/openai/v1`, namespace, 'provider-key'),
    ],
    acceptKeys: (accepted) => providers.setKeys('OpenAI', accepted),
    keysUsed: () =>
      providers
        .journal()
        .filter((entry) => entry.status === 200 && entry.path.includes('/chat/completions'))
        .map((entry) => (entry.headers['authorization'] ?? '').replace('Bearer ', '')),
    callTool: (words, name, toolArguments) =>
      providers.addAnswer({
        userSays: words,
        afterToolResult: false,
        answer: { toolCalls: [{ name, arguments: { ...toolArguments } }] },
      }),
    answerWith: (words, text) => providers.addAnswer({ userSays: words, answer: { text } }),
    stop: () => providers.close(),
  };
}
