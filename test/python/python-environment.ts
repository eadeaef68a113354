/** Virtual environments of Python with the packages of a requirements file, made once and kept in the cache. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';

const run = promisify(execFile);

/** The path of its Python. `name` is part of the folder's. Rejects when packages cannot be fetched. */
export async function preparePython(name: string, requirements: string): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const target = join(cacheDirectory(process.env), `${name}-python-${digest}`);
  const python = join(target, 'bin/python');
  if (existsSync(join(target, 'complete'))) return python;
  await rm(target, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', target]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  await writeFile(join(target, 'complete.part'), '');
  await rename(join(target, 'complete.part'), join(target, 'complete'));
  return python;
}
