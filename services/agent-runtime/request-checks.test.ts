import { type ServerResponse, createServer, request } from 'node:http';
import { expect, it } from 'vitest';
import { listen } from '#process/http/listen.ts';
import { callerSignal } from './request-checks.ts';

it('nothing is spent on a caller who left before his run could start', async () => {
  const arrived = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, response) => arrived.resolve(response));
  const port = await listen(server, 0, '127.0.0.1');
  const client = request({ port, host: '127.0.0.1' }).on('error', () => undefined);
  client.end();
  const raw = await arrived.promise;
  const inTime = callerSignal({ raw });
  expect(inTime.aborted).toBe(false);
  const left = new Promise((resolve) => raw.once('close', resolve));
  client.destroy();
  await left;
  expect([inTime.aborted, callerSignal({ raw }).aborted]).toEqual([true, true]);
  server.close();
});
