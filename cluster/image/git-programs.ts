/**
 * git and what it calls, as this machine has them: the one process that follows repositories of prompts needs them, and
 * the pod that serves the sample repository. About 35 MB, two thirds of it libraries.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '#cluster/command-line/command.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';

/** The authorities that git believes; Node has its own. */
export const CERTIFICATE_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

export interface ImageProgram {
  /** Where it stands on this machine. */
  readonly source: string;
  /** Where it is looked for in the image: /bin and /usr/bin are two folders there. */
  readonly target: string;
}

/** sh is what git starts ssh with; ssh-keygen and gpg check signatures. */
const PROGRAMS = ['git', 'ssh', 'ssh-keygen', 'gpg'] as const;
/** Programs of git's own that are not git itself; git-remote-http serves https too. */
const PARTS_OF_GIT = ['git-remote-http', 'git-http-backend'] as const;

export async function findGitPrograms(): Promise<readonly ImageProgram[]> {
  const folder = (await runCommand('git', ['--exec-path'])).trim();
  const programs = await Promise.all(
    PROGRAMS.map(async (name) => {
      const source = (await runCommand('sh', ['-c', `command -v ${name}`])).trim();
      return { source, target: `/usr/bin/${name}` };
    }),
  );
  const parts = PARTS_OF_GIT.map((name) => ({ source: join(folder, name), target: join(folder, name) }));
  const all = [
    { source: '/bin/sh', target: '/bin/sh' },
    ...programs,
    ...parts,
    { source: join(folder, 'git-remote-http'), target: join(folder, 'git-remote-https') },
  ];
  const missing = all.filter(({ source }) => !existsSync(source));
  if (missing.length === 0) return all;
  throw new ClusterError(
    `This machine's git lacks ${missing.map(({ source }) => source).join(', ')}: install git by "apt-get install --reinstall git", then run npm run up again.`,
  );
}
