/** Bodies that are begun and not ended hold room: of whom, and whom they leave room. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  FOURTH_AGENT,
  type LedgerUnderTest,
  OTHER_AGENT,
  OWN_IMAGE,
  READER,
  ROUTER,
  STRANGER,
  TRIAGE,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';
import { aRunBegun } from './testing/sample-records.ts';

let ledger: LedgerUnderTest;
const sockets: Socket[] = [];
beforeEach(async () => {
  ledger = await startLedgerUnderTest();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await ledger[Symbol.asyncDispose]();
});

/** The head of a request for 4 MiB, of which one byte comes. */
function begin(path: string, token: string): Socket {
  const { hostname, port } = new URL(ledger.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: ledger\r\ncontent-type: application/json\r\ncontent-length: 4194304\r\nauthorization: Bearer ${token}\r\n\r\n{`,
  );
  return socket;
}

/** Begins so many that one more is refused. */
async function fill(path: string, token: string, places: number): Promise<void> {
  for (let taken = 0; taken < places; taken += 1) begin(path, token);
  const [answer] = await once(begin(path, token), 'data');
  expect(String(answer)).toContain(' 429 ');
}

const batch = { records: [aRunBegun({ agent: { name: 'other' } })] };

describe('room for batches', () => {
  it('is for one agent a quarter of that of all agents', async () => {
    await fill('/v1/records', TRIAGE, 2);
    const answer = await ledger.request('POST', '/v1/records', { token: OTHER_AGENT, body: batch });
    expect(answer).toMatchObject({ status: 200, body: { written: 1 } });
  });

  it('is left to the platform when agents have taken all of theirs', async () => {
    for (const token of [TRIAGE, OTHER_AGENT, OWN_IMAGE, FOURTH_AGENT]) await fill('/v1/records', token, 2);
    expect((await ledger.request('POST', '/v1/records', { token: ROUTER, body: batch })).status).toBe(200);
    await fill('/v1/records', ROUTER, 8);
  });

  it('is given back when the connections close', async () => {
    await fill('/v1/records', OTHER_AGENT, 2);
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect
      .poll(
        async () => (await ledger.request('POST', '/v1/records', { token: OTHER_AGENT, body: batch })).status,
      )
      .toBe(200);
  });
});

describe.each(['/v1/traces', '/v1/logs'])('room for what is exported to %s', (path) => {
  it('is not all of one agent', async () => {
    await fill(path, TRIAGE, 2);
    expect((await ledger.request('POST', path, { token: OTHER_AGENT, body: {} })).status).toBe(200);
  });

  it('is not taken by whoever is no agent: he is refused before his body has come', async () => {
    for (const token of [STRANGER, ROUTER, READER, STRANGER, ROUTER, READER]) {
      const [answer] = await once(begin(path, token), 'data');
      expect(String(answer)).toContain(' 403 ');
    }
    expect((await ledger.request('POST', path, { token: OTHER_AGENT, body: {} })).status).toBe(200);
  });
});
