/** Which model a provider says has answered, by which mark, and why it stopped: of every format, whole and streamed, in facts and records. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptFact } from '#domain/facts/attempt-fact.ts';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { DEFAULT_KEYS, type FakeProviders, startFakeProviders } from '#test/fake-providers/fake-providers.ts';
import { FAKE_PROVIDERS, type FakeProvider } from '#test/fake-providers/scenario.ts';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';

let router: RouterUnderTest;
let fakes: FakeProviders;
let records: RecordDraft[];

beforeEach(async () => {
  records = [];
  fakes = await startFakeProviders();
  router = await startRouterUnderTest({
    ledger: { ...NO_LEDGER, write: (record) => void records.push(record) },
  });
});
afterEach(async () => {
  await router.close();
  await fakes.close();
});

const attempts = (): readonly AttemptFact[] => router.facts.filter((fact) => fact.kind === 'attempt');
const toldAttempts = () => records.filter((record) => record.type === 'model_attempt');

function aModel(name: string, provider: FakeProvider): void {
  router.setModel(name, { provider, endpoint: fakes.endpoints[provider] }, DEFAULT_KEYS[provider]);
}

async function ask(stream: boolean): Promise<void> {
  const response = await fetch(`${router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }], stream }),
  });
  expect(response.status).toBe(200);
  await response.text();
}

const BOTH_WAYS = FAKE_PROVIDERS.flatMap((provider) => [
  [provider, false] as const,
  [provider, true] as const,
]);

describe('who answered', () => {
  it.each(BOTH_WAYS)(
    'is told of each answer of %s (stream: %s), also when it changes from one to the next',
    async (provider, stream) => {
      aModel('main', provider);
      router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
      const mark = (text: string) => (provider === 'OpenAI' ? { fingerprint: text } : {});
      fakes.addAnswer({ times: 1, answer: { text: 'One.', servedModel: 'model-of-may', ...mark('fp_1') } });
      fakes.addAnswer({
        times: 1,
        answer: { text: 'Two.', servedModel: 'model-of-june', finish: 'length', ...mark('fp_2') },
      });
      await ask(stream);
      await ask(stream);
      const first = { modelServed: 'model-of-may', finishReason: 'stop', ...mark('fp_1') };
      const second = { modelServed: 'model-of-june', finishReason: 'length', ...mark('fp_2') };
      expect(attempts()).toMatchObject([first, second]);
      expect(toldAttempts()).toMatchObject([first, second]);
      expect(
        attempts().every(({ fingerprint }) => (fingerprint !== undefined) === (provider === 'OpenAI')),
      ).toBe(true);
    },
  );

  it.each(BOTH_WAYS)(
    'is told of the one that answered after a failure, and of the failed attempt of %s (stream: %s) nothing is made up',
    async (provider, stream) => {
      aModel('first', provider);
      aModel('second', provider === 'OpenAI' ? 'Gemini' : 'OpenAI');
      router.setAgent({
        allow: [
          { model: 'first', weight: 1 },
          { model: 'second', weight: 0 },
        ],
      });
      fakes.addFault({ provider, status: 503 });
      fakes.addAnswer({ answer: { text: 'One.', servedModel: 'the-other', finish: 'refusal' } });
      await ask(stream);
      const failed = attempts().filter(({ model }) => model.name === 'first');
      expect(failed.length).toBeGreaterThan(0);
      for (const fact of failed) {
        expect([fact.modelServed, fact.fingerprint, fact.finishReason]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      }
      expect(toldAttempts().at(-1)).toMatchObject({
        model: 'second',
        modelServed: 'the-other',
        finishReason: 'content_filter',
      });
    },
  );

  it('keeps of what a provider says no more than a name may be long', async () => {
    aModel('main', 'OpenAI');
    router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
    fakes.addAnswer({
      answer: { text: 'One.', servedModel: 'm'.repeat(5000), fingerprint: `${'f'.repeat(255)}🙂` },
    });
    await ask(false);
    const [told] = toldAttempts();
    expect(told?.modelServed).toHaveLength(256);
    expect(told?.fingerprint).toBe(`${'f'.repeat(255)}\ufffd`);
  });
});
