import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { lastLines, tryCommand } from './command.ts';
import type { ConsoleReport } from './console-report.ts';

export interface Machine {
  readonly platform: string;
  readonly architecture: string;
  readonly userId: number;
}

/** What no package can mend, in one sentence; undefined when the machine will do. */
export function explainMachine(machine: Machine): string | undefined {
  const elsewhere = 'On any machine, "npm run up -- --context NAME" uses a cluster that you have.';
  if (machine.platform !== 'linux') {
    return `A cluster on this machine needs Linux, and this is ${machine.platform}. ${elsewhere}`;
  }
  if (machine.architecture !== 'x64') {
    return `A cluster on this machine needs an x64 processor, and this is ${machine.architecture}: the image is built for x64 only, and so are the pinned binaries of the local models. ${elsewhere}`;
  }
  if (machine.userId !== 0) {
    return `A cluster on this machine needs root, for namespaces, mounts and routes: run "sudo -E npm run up". ${elsewhere}`;
  }
  return undefined;
}

/** Program or file, and the Debian package that brings it. */
const REQUIRED_PROGRAMS: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  buildah: 'buildah',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  iptables: 'iptables',
  conntrack: 'conntrack',
  tini: 'tini',
  ip: 'iproute2',
  nsenter: 'util-linux',
  mount: 'mount',
  openssl: 'openssl',
  tar: 'tar',
  git: 'git',
  ssh: 'openssh-client',
  gpg: 'gpg',
  '/etc/ssl/certs/ca-certificates.crt': 'ca-certificates',
};

export function findMissingPackages(exists: (program: string) => boolean): readonly string[] {
  const missing = Object.entries(REQUIRED_PROGRAMS).filter(([program]) => !exists(program));
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

export function isOnPath(program: string, searchPath: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  return searchPath.split(':').some((folder) => folder !== '' && existsSync(join(folder, program)));
}

export async function ensureDebianPackages(searchPath: string, report: ConsoleReport): Promise<void> {
  const findMissing = (): readonly string[] =>
    findMissingPackages((program) => isOnPath(program, searchPath));
  const missing = findMissing();
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (!isOnPath('apt-get', searchPath)) {
    throw new ClusterError(
      `This machine lacks programs of the Debian packages ${list}, and has no apt-get: install them with your system's own packages, then run npm run up again.`,
    );
  }
  report.step(`Installing Debian packages: ${list}.`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const update = await tryCommand('apt-get', ['update', '-qq'], { environment });
  const install = await tryCommand(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
    { environment },
  );
  if (install.exitCode === 0 && findMissing().length === 0) return;
  const reason = lastLines(install.errorOutput || update.errorOutput || install.output, 3);
  throw new ClusterError(
    `apt-get could not install ${list}: ${reason} Mend that, or install them by hand, then run npm run up again.`,
  );
}
