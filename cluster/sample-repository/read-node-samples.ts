/** The samples of a node of this machine: as those of any cluster, but the prompt comes from a git repository on the node. */
import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type NamedObject, readManifests } from '#cluster/capataz/made-by-up.ts';
import { describeRepositoryServer } from './server-objects.ts';

export async function readNodeSamples(checkout: string, image: string): Promise<readonly NamedObject[]> {
  const fromGit = await readManifests(checkout, 'samples/prompts-from-git/*.yaml');
  const isFromGit = ({ kind, metadata }: NamedObject): boolean =>
    fromGit.some((object) => object.kind === kind && object.metadata.name === metadata.name);
  const others = await readManifests(checkout, 'samples/*.yaml');
  const prompts: Record<string, string> = {};
  for await (const path of glob('prompts/*.prompt', { cwd: checkout })) {
    prompts[basename(path)] = await readFile(join(checkout, path), 'utf8');
  }
  const server = await readFile(join(import.meta.dirname, 'serve-repository.ts'), 'utf8');
  return [
    ...describeRepositoryServer(image, { server, prompts }),
    ...fromGit,
    ...others.filter((object) => !isFromGit(object)),
  ];
}
