import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { lastLines, tryCommand } from './command.ts';
import type { ConsoleReport } from './console-report.ts';
import { isOnPath } from './machine-requirements.ts';

const HELM_VERSION = 'v4.3.1';

export async function ensureHelm(cache: string, searchPath: string, report: ConsoleReport): Promise<string> {
  if (isOnPath('helm', searchPath)) return 'helm';
  const target = join(cache, `helm-${HELM_VERSION}`, 'helm');
  if (existsSync(target)) return target;
  if (!isOnPath('go', searchPath)) {
    throw new ClusterError(
      'Neither helm nor go is on the PATH: install Helm (https://helm.sh), or Go to have it built.',
    );
  }
  report.step(`Building Helm ${HELM_VERSION} from source: once, about three minutes.`);
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, '.building-'));
  try {
    const result = await tryCommand('go', ['install', `helm.sh/helm/v4/cmd/helm@${HELM_VERSION}`], {
      environment: { GOBIN: temporary, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0', GOWORK: 'off' },
    });
    if (result.exitCode !== 0) {
      throw new ClusterError(
        `Helm ${HELM_VERSION} could not be built: ${lastLines(result.errorOutput, 3)} Install Helm by hand (https://helm.sh), then run npm run up again.`,
      );
    }
    await rename(temporary, join(cache, `helm-${HELM_VERSION}`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return target;
}

/** The cluster's own binary is kubectl too, when it is called by that name. */
export async function linkKubectl(kubernetesProgram: string): Promise<string> {
  const link = join(kubernetesProgram, '..', 'kubectl');
  if (!existsSync(link)) {
    await symlink('kubernetes', link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return link;
}
