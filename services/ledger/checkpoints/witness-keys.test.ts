import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeVerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { firstWitnessKey } from './witness-keys.ts';

const FIRST = encodeVerifierKey(signerKeyOf('witness', 'cosignature', Buffer.alloc(32, 1)));
const SECOND = encodeVerifierKey(signerKeyOf('witness', 'cosignature', Buffer.alloc(32, 2)));
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function startWitness(
  answer: () => { readonly status: number; readonly body: string },
): Promise<string> {
  const server = createServer((_request, response) => {
    const { status, body } = answer();
    response.statusCode = status;
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function documents(): Parameters<typeof firstWitnessKey>[1] {
  const kept = new Map<string, string>();
  return {
    getDocument: async (key) => kept.get(key),
    setDocument: async (key, value) => void kept.set(key, value),
  };
}

describe('the first key that a witness shows', () => {
  it('is believed for ever, also after a restart and when another stands in its place', async () => {
    let shown = FIRST;
    const url = await startWitness(() => ({ status: 200, body: `${shown}\n` }));
    const store = documents();
    const keys = await firstWitnessKey(url, store);
    expect(keys.current()).toEqual([]);
    await keys.learn(AbortSignal.timeout(60_000));
    shown = SECOND;
    await keys.learn(AbortSignal.timeout(60_000));
    const restarted = await firstWitnessKey(url, store);
    await restarted.learn(AbortSignal.timeout(60_000));
    for (const known of [keys, restarted]) expect(known.current().map(encodeVerifierKey)).toEqual([FIRST]);
  });

  it.each([
    ['fails', 503, FIRST],
    ['shows no key', 200, 'hello'],
    ['never stops talking', 200, 'x'.repeat(100_000)],
  ])('is still waited for when the witness %s', async (_what, status, body) => {
    const answer = { status, body };
    const url = await startWitness(() => answer);
    const keys = await firstWitnessKey(url, documents());
    await expect(keys.learn(AbortSignal.timeout(60_000))).rejects.toThrow(/witness answered|key|large/i);
    expect(keys.current()).toEqual([]);
    Object.assign(answer, { status: 200, body: FIRST });
    await keys.learn(AbortSignal.timeout(60_000));
    expect(keys.current().map(encodeVerifierKey)).toEqual([FIRST]);
  });
});
