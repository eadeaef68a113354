import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, runCommandLine } from '../testing/run-command-line.ts';

const AGENT = `apiVersion: capataz.dev/v1alpha1
kind: Agent
metadata:
  name: greeter
spec:
  promptRef:
    name: greeter
  modelPolicy:
    allow:
      - name: main
`;
const prompt = (words: string): string =>
  `---\nname: greeter\ninput:\n  schema:\n    name: string\n---\n${words} {{name}}\n`;

let folder = '';
let provider: Server;
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-dev-test-'));
  await writeFile(join(folder, 'agent.yaml'), AGENT);
  await writeFile(join(folder, 'greeter.prompt'), prompt('Greet'));
  provider = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked.push(body);
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          id: 'answer',
          object: 'chat.completion',
          created: 1,
          model: 'fake',
          choices: [
            { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello Ada' } },
          ],
          usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
        }),
      );
    });
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
});

afterAll(async () => {
  provider.close();
  provider.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** Children of a process, this one when not said otherwise, that run one of our services. */
function services(parent = process.pid): readonly string[] {
  return execFileSync('ps', ['-e', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim().startsWith(`${parent} `) && line.includes('/services/'));
}

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'capataz.mjs');

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('capataz dev', () => {
  it('answers, takes a saved prompt, keeps the last good one when a broken one is saved, and leaves no process', async () => {
    const ending = new AbortController();
    let printed = '';
    const endpoint = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
    const running = runCommandLine(
      ['dev', folder, '--port', '0', '--endpoint', endpoint, '--model', 'fake', '--price', '1,2.5'],
      {
        signal: ending.signal,
        environment: { PATH: process.env['PATH'] ?? '' },
        onWrite: (soFar) => (printed = soFar),
      },
    );
    let ended: Ran | undefined;
    void running.then((ran) => (ended = ran));
    const shown = async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const found = pattern.exec(printed);
        if (found !== null) return found;
        if (ended !== undefined) throw new Error(`it ended: ${ended.printed}${ended.noted}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    try {
      const address = (await shown(/answers at (http:\S+)/))[1] ?? '';
      await shown(/curl .* -d '\{"input":\{"name":"..."\}\}'/);
      const run = async (): Promise<unknown> => {
        const answer = await fetch(`${address}/v1/runs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"input":{"name":"Ada"}}',
        });
        return await answer.json();
      };
      expect(await run()).toMatchObject({ status: 'succeeded', output: 'Hello Ada' });
      expect(asked.at(-1)).toContain('Greet Ada');
      await shown(/run \S+ {2}succeeded {2}steps 1 {2}tokens 10 {2}\$0\.000015 {2}\d+ ms/);
      expect(services()).toHaveLength(2);
      const foreign = request(address, { path: '/v1/agent', headers: { host: 'evil.example' } }).end();
      const [refused] = (await once(foreign, 'response')) as [IncomingMessage];
      expect(refused.resume().statusCode).toBe(400);

      // As many editors save: a new file in the place of the old one.
      await writeFile(join(folder, 'new'), prompt('Welcome'));
      await rename(join(folder, 'new'), join(folder, 'greeter.prompt'));
      await shown(/reloaded/);
      await until(async () => {
        await run();
        return asked.at(-1)?.includes('Welcome Ada') === true;
      });

      await writeFile(join(folder, 'greeter.prompt'), prompt('Broken {{#if name}}'));
      await shown(/greeter\.prompt:\d+: .*goes on/);
      expect(await run()).toMatchObject({ status: 'succeeded' });
      expect(asked.at(-1)).toContain('Welcome Ada');
    } finally {
      ending.abort();
      await running;
    }
    expect(services()).toEqual([]);
    expect(ended).toMatchObject({ code: 0 });
  }, 60_000);

  it.each<[string, (program: ChildProcess) => Promise<void>, left: readonly string[]]>([
    ['its terminal is closed', async (program) => void program.kill('SIGHUP'), []],
    [
      'nobody reads any more what it prints',
      async (program) => {
        program.stdout?.destroy();
        await writeFile(join(folder, 'greeter.prompt'), prompt('Saved once more'));
      },
      [],
    ],
    [
      'it is killed',
      async (program) => void program.kill('SIGKILL'),
      [expect.stringContaining('capataz-dev-')],
    ],
  ])(
    'leaves no process behind when %s',
    async (_name, end, left) => {
      await writeFile(join(folder, 'greeter.prompt'), prompt('Greet'));
      const temporary = await mkdtemp(join(tmpdir(), 'capataz-dev-test-'));
      const endpoint = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
      const words = ['dev', folder, '--port', '0', '--endpoint', endpoint, '--model', 'fake', '--price', '0'];
      const program = spawn(process.execPath, [PROGRAM, ...words], {
        env: { PATH: process.env['PATH'], TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const ended = once(program, 'exit');
        for await (const text of program.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
          if (String(text).includes('answers at')) break;
        }
        const children = services(program.pid).map((line) => Number(line.trim().split(/\s+/)[1]));
        expect(children).toHaveLength(2);
        await end(program);
        await ended;
        await until(async () => !children.some(isThere));
        expect(await readdir(temporary)).toEqual(left);
      } finally {
        program.kill('SIGKILL');
        await rm(temporary, { recursive: true, force: true });
      }
    },
    120_000,
  );

  it('says which Agents there are when the one that is asked for is not there', async () => {
    const { code, noted } = await runCommandLine(['dev', folder, '--agent', 'other']);
    expect(code).toBe(5);
    expect(noted).toContain('There is no Agent other: there is greeter.');
  });

  it.each([
    ['no price', [], 'an unknown price is never free'],
    ['a price of which half is missing', ['--price', '0.15'], 'such as 0.15,0.60'],
    ['a price that is none', ['--price', '-1,free'], 'such as 0.15,0.60'],
    ['three prices', ['--price', '1,2,3'], 'such as 0.15,0.60'],
    ['no price at all', ['--price', ''], 'such as 0.15,0.60'],
  ])('takes no endpoint with %s', async (_name, price, sentence) => {
    const endpoint = ['--endpoint', 'http://127.0.0.1:1/v1', '--model', 'fake'];
    const { code, noted } = await runCommandLine(['dev', folder, ...endpoint, ...price]);
    expect(code).toBe(2);
    expect(noted).toContain(sentence);
  });

  it('wants the name of the model beside the endpoint', async () => {
    expect((await runCommandLine(['dev', folder, '--endpoint', 'http://127.0.0.1:1/v1'])).code).toBe(2);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
