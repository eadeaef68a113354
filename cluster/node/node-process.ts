import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { waitUntil } from '#cluster/control-plane/api-server-probe.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { lastLines } from '#cluster/command-line/command.ts';
import { networkNamespacePath } from '#cluster/instance/host-network.ts';
import type { Instance } from '#cluster/instance/instance.ts';
import type { SupervisedProcess } from './process-supervision.ts';

export interface SupervisionPlan {
  readonly server: string;
  readonly certificateDirectory: string;
  readonly containerdSocket: string;
  readonly logDirectory: string;
  readonly volumes: { readonly volumeDirectory: string; readonly nodeName: string };
  readonly components: readonly (SupervisedProcess & { readonly needsApiServer: boolean })[];
}

const INIT_SCRIPT = join(import.meta.dirname, 'node-init.sh');
const SUPERVISOR_SCRIPT = join(import.meta.dirname, 'supervise.ts');

export function isNodeInit(commandLine: readonly string[], instanceName: string): boolean {
  const [program, ...rest] = commandLine;
  const script = rest.findIndex((argument) => basename(argument) === basename(INIT_SCRIPT));
  return (
    program !== undefined &&
    basename(program) === 'tini' &&
    script !== -1 &&
    rest[script + 1] === instanceName
  );
}

/** Asks the kernel, not a pid file: a number in a file may belong to someone else by now. */
export async function findNodeInit(instanceName: string): Promise<number | undefined> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (isNodeInit(commandLine.split('\0'), instanceName)) return Number(entry);
  }
  return undefined;
}

export function hashPlan(plan: SupervisionPlan, files: Readonly<Record<string, string>>): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, files]))
    .digest('hex');
}

export async function startNodeProcess(instance: Instance, plan: SupervisionPlan): Promise<void> {
  const planFile = join(instance.runDirectory, 'supervision.json');
  await writeFile(planFile, JSON.stringify(plan, undefined, 2));
  const logFile = join(plan.logDirectory, 'node.log');
  const log = await open(logFile, 'w');
  try {
    const child = spawn(
      'nsenter',
      [
        `--net=${networkNamespacePath(instance)}`,
        'unshare',
        '--mount',
        '--propagation',
        'private',
        '--pid',
        '--fork',
        '--mount-proc',
        'tini',
        '--',
        '/bin/sh',
        INIT_SCRIPT,
        instance.name,
        instance.stateDirectory,
        instance.runDirectory,
        instance.cgroup,
        process.execPath,
        SUPERVISOR_SCRIPT,
        planFile,
      ],
      { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: '/' },
    );
    child.on('error', () => undefined);
    child.unref();
  } finally {
    await log.close();
  }
  const started = await waitUntil(async () => (await findNodeInit(instance.name)) !== undefined, 10, 50);
  if (started) return;
  throw new ClusterError(
    `The node "${instance.name}" did not start; ${logFile} ends with: ${lastLines(await readFile(logFile, 'utf8'), 3)}`,
  );
}

/** Process 1 of a namespace takes every process in it along, and their mounts vanish with them. */
export async function killNodeProcess(instanceName: string): Promise<boolean> {
  const init = await findNodeInit(instanceName);
  if (init === undefined) return false;
  process.kill(init, 'SIGKILL');
  // Its command line is gone long before it is: it stays until every process in there has ended.
  const gone = await waitUntil(async () => !existsSync(`/proc/${init}`), 30, 20);
  if (!gone) {
    throw new ClusterError(
      `Process ${init} of the cluster "${instanceName}" was killed but does not end: a disk or network mount may hang.`,
    );
  }
  return true;
}
