import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** With the Node that runs the tests, as `#!/usr/bin/env node` finds it on a user's PATH. */
async function start(program: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
  });
  return stdout;
}

describe('the programs of the package', () => {
  const program = join(ROOT, 'cli/bin/capataz.mjs');

  it('start from the checkout', async () => {
    expect(await start(program, 'version')).toMatch(/^capataz \d+\.\d+\.\d+ \(Node \d+/);
  });

  it.each(['bash', 'zsh', 'fish'])('print a script for completion by %s', async (shell) => {
    expect(await start(program, 'completion', shell)).toContain('capataz complete --');
  });

  it.each([
    [[''], ['runs', 'trace', 'cost', 'feedback', 'completion', 'version']],
    [
      ['runs', '--status', ''],
      ['running', 'succeeded', 'stopped', 'failed'],
    ],
    [['runs', '--sta'], ['--status']],
    [
      ['feedback', 'r-1', ''],
      ['good', 'bad'],
    ],
  ])('answer the words %j of kubectl with what fits, as cobra does', async (words, offered) => {
    const lines = (await start(join(ROOT, 'cli/bin/kubectl-complete-capataz.mjs'), ...words))
      .trim()
      .split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(expect.arrayContaining([...offered]));
    expect(lines.at(-1)).toMatch(/^:\d+$/);
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'end with their launcher when an older Node is told %s',
    async (signal) => {
      const asked = Promise.withResolvers<ServerResponse>();
      const server = createServer((_request, response) => asked.resolve(response)).listen(0, '127.0.0.1');
      try {
        await once(server, 'listening');
        const olderNode =
          'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})';
        const { port } = server.address() as AddressInfo;
        const words = ['runs', '--server', `http://127.0.0.1:${port}`];
        const launcher = spawn(process.execPath, ['--import', olderNode, program, ...words], {
          env: { PATH: process.env['PATH'], HOME: '/nonexistent', CAPATAZ_LEDGER_TOKEN: 'token' },
          stdio: 'ignore',
        });
        const ended = once(launcher, 'exit');
        const response = await Promise.race([asked.promise, ended.then(() => undefined)]);
        if (response === undefined) throw new Error('it ended before it asked');
        const closed = once(response, 'close');
        launcher.kill(signal);
        await closed;
        expect(await ended).toEqual([130, null]);
      } finally {
        server.close();
        server.closeAllConnections();
      }
    },
    60_000,
  );

  describe('installed below node_modules, where Node takes no types away', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'capataz-installed-'));
      const installed = join(folder, 'node_modules/capataz');
      await mkdir(installed, { recursive: true });
      for (const part of ['package.json', 'adapters', 'cli', 'crds', 'domain', 'telemetry']) {
        await cp(join(ROOT, part), join(installed, part), { recursive: true });
      }
      await symlink(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
    });
    afterAll(async () => await rm(folder, { recursive: true, force: true }));

    it('start too, with no more words than they were asked for', async () => {
      const program = join(folder, 'node_modules/capataz/cli/bin/capataz.mjs');
      const { stdout, stderr } = await run(process.execPath, [program, 'version']);
      expect([stdout.startsWith('capataz '), stderr]).toEqual([true, '']);
    });
  });
});
