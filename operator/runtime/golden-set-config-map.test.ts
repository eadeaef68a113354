import { describe, expect, it } from 'vitest';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import { createGoldenSetCounter } from './golden-set-config-map.ts';

const NEVER = new AbortController().signal;

async function keysOf(answer: () => Promise<unknown>) {
  const asked: string[] = [];
  const count = createGoldenSetCounter({
    request: ({ path }) => {
      asked.push(path);
      return answer();
    },
  });
  return { keys: await count('mail', 'hard-mails', NEVER), asked };
}

const refused = (status: number) => () =>
  Promise.reject(new KubeApiError('refused', status, undefined, undefined));

describe('the ConfigMap of a golden set', () => {
  it('is asked for by its name, and its keys of both sorts are counted', async () => {
    const { keys, asked } = await keysOf(async () => ({
      data: { 'a.jsonl': '' },
      binaryData: { 'b.gz': '' },
    }));
    expect(keys).toBe(2);
    expect(asked).toEqual(['/api/v1/namespaces/mail/configmaps/hard-mails']);
    expect((await keysOf(async () => ({}))).keys).toBe(0);
  });

  it('that is not there is told apart from one that may not be read', async () => {
    expect((await keysOf(refused(404))).keys).toBe('absent');
    expect((await keysOf(refused(403))).keys).toBe('unknown');
  });

  it('is not taken for missing when the API server fails: the pass is tried again', async () => {
    await expect(keysOf(refused(500))).rejects.toThrow('refused');
    await expect(keysOf(() => Promise.reject(new Error('reset')))).rejects.toThrow('reset');
  });
});
