/** What clients with kept connections see of a pod that ends: nothing. */
import { Agent, request } from 'node:http';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startProcess } from '../testing/started-process.ts';

const SAMPLE = join(import.meta.dirname, '../testing/sample-process.ts');
const ENVIRONMENT = { CAPATAZ_PORT: '0', CAPATAZ_METRICS_PORT: '0', CAPATAZ_DRAIN_LEAD_SECONDS: '0.8' };

describe('a kept connection through the end of its pod', () => {
  it('loses no request: each is answered, and told to connect elsewhere before anything is refused', async () => {
    await using old = startProcess(SAMPLE, ENVIRONMENT);
    await using next = startProcess(SAMPLE, ENVIRONMENT);
    const [oldPort, nextPort] = await Promise.all([old, next].map(async (each) => (await each.ports()).port));
    // A Service: new connections go to the pods that it knows, and it forgets a pod some time after its end began.
    let servicePort = oldPort ?? 0;
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    agent.createConnection = ((_options: unknown, onConnected: (error: null, socket: Socket) => void) => {
      const socket = connect(servicePort, '127.0.0.1', () => onConnected(null, socket));
      return undefined;
    }) as never;

    const answers: string[] = [];
    const failures: unknown[] = [];
    const over = new AbortController();
    const client = async (): Promise<void> => {
      while (!over.signal.aborted) {
        try {
          answers.push(await ask(agent, answers.length % 5 === 0 ? '/slow' : '/now'));
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const clients = Array.from({ length: 8 }, client);
    await until(() => answers.length > 60);
    old.child.kill('SIGTERM');
    await old.line('the process is draining');
    setTimeout(() => {
      servicePort = nextPort ?? 0;
    }, 300);
    expect(await old.exited).toEqual([0, null]);
    const servedBefore = answers.length;
    await until(() => answers.length > servedBefore + 60);
    over.abort();
    await Promise.all(clients);
    agent.destroy();
    expect(failures).toEqual([]);
    expect(new Set(answers)).toEqual(new Set([String(old.child.pid), String(next.child.pid)]));
    expect(answers.slice(servedBefore).filter((processId) => processId === String(old.child.pid))).toEqual(
      [],
    );
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function ask(agent: Agent, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ agent, path, host: 'service' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    asking.on('error', reject).end();
  });
}
