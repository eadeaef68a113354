import { mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#telemetry/logger.ts';
import { type ConfigurationFile, watchConfigurationFile } from './configuration-file.ts';
import { until } from './testing/agent-bench.ts';

let folder: string;
let file: ConfigurationFile | undefined;
let isStreamUp: boolean;
const offered: string[] = [];
const log: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-'));
  isStreamUp = false;
  offered.length = 0;
  log.length = 0;
});
afterEach(async () => {
  await file?.close();
  await rm(folder, { recursive: true });
});

function watch(path: string): ConfigurationFile {
  file = watchConfigurationFile({
    path,
    isStreamUp: () => isStreamUp,
    onConfiguration: async (text) => offered.push(text),
    logger: createLogger('test', 'info', { write: (line: string) => void log.push(line) }),
    pollSeconds: 0.01,
  });
  return file;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 60));
}

describe('the mounted configuration', () => {
  it('is read at boot, and again when it changes, by the swap of a link as the kubelet does it', async () => {
    for (const text of ['one', 'two']) await writeFile(join(folder, text), text);
    const link = join(folder, 'configuration.json');
    await symlink(join(folder, 'one'), link);
    await watch(link).firstRead;
    expect(offered).toEqual(['one']);
    await unlink(link);
    await symlink(join(folder, 'two'), link);
    await until(() => offered.length === 2);
    expect(offered).toEqual(['one', 'two']);
  });

  it('is not offered again while it stays the same: the stream may have told something newer meanwhile', async () => {
    const path = join(folder, 'configuration.json');
    await writeFile(path, 'one');
    await watch(path).firstRead;
    await pause();
    expect(offered).toEqual(['one']);
  });

  it('is left alone while the stream is up', async () => {
    const path = join(folder, 'configuration.json');
    await writeFile(path, 'one');
    await watch(path).firstRead;
    isStreamUp = true;
    await writeFile(path, 'two');
    await pause();
    expect(offered).toEqual(['one']);
    isStreamUp = false;
    await until(() => offered.length === 2);
  });

  it('may be absent and come later; that it is absent is logged once', async () => {
    const path = join(folder, 'configuration.json');
    await watch(path).firstRead;
    await pause();
    await writeFile(path, 'one');
    await until(() => offered.length === 1);
    expect(log).toHaveLength(1);
  });
});
