/** The files of a Go module, fetched by the go command, which checks them against the public list of sums. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { z } from 'zod';

const Downloaded = z.object({ Dir: z.string() });

export async function goModuleFolder(path: string, version: string): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${path}@${version}`], {
    // Outside of any module of ours.
    cwd: tmpdir(),
    env: { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '' },
  });
  return Downloaded.parse(JSON.parse(stdout)).Dir;
}
