import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { countCompiledPackages, describeDuration, renderProgress } from './build-progress.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { lastLines, tryCommand } from '#cluster/command-line/command.ts';
import { type ConsoleReport, SILENT_REPORT } from '#cluster/command-line/console-report.ts';
import { requireFreeDisk } from '#cluster/command-line/disk-space.ts';
import { explainGoVersion, MINIMUM_GO_VERSION } from './go-version.ts';

const MODULE_DIRECTORY = import.meta.dirname;
const SOURCE_FILES = ['go.mod', 'go.sum', 'main.go', 'pause/main.go'] as const;

/** Measured from nothing: sources 0.8 GiB, compiled packages 3.2 GiB, results 0.2 GiB. */
const BUILD_DISK_GIBIBYTES = 5;
const EXPECTED_PACKAGES = 2900;
const PROGRESS_COLUMNS = 70;

export interface KubernetesPrograms {
  readonly kubernetes: string;
  readonly pause: string;
}

interface Options {
  readonly report?: ConsoleReport;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The path of the one binary that holds every Kubernetes component; built once, then cached. */
export async function ensureKubernetesBinary(options: Options = {}): Promise<string> {
  return (await ensureKubernetesPrograms(options)).kubernetes;
}

export async function ensureKubernetesPrograms(options: Options = {}): Promise<KubernetesPrograms> {
  const environment = options.environment ?? process.env;
  const report = options.report ?? SILENT_REPORT;
  const sources = await Promise.all(
    SOURCE_FILES.map((file) => readFile(join(MODULE_DIRECTORY, file), 'utf8')),
  );
  const kubernetesVersion = readKubernetesVersion(sources[0] ?? '');
  const go = await readGo();
  const key = createHash('sha256')
    .update(JSON.stringify([sources, go.version]))
    .digest('hex')
    .slice(0, 16);
  const cache = cacheDirectory(environment);
  const target = join(cache, `kubernetes-${kubernetesVersion}-${key}`);
  const programs = { kubernetes: join(target, 'kubernetes'), pause: join(target, 'pause') };
  if (existsSync(programs.kubernetes)) return programs;

  await mkdir(cache, { recursive: true });
  await requireFreeDisk(cache, 1, 'keeping Kubernetes');
  await requireFreeDisk(go.cache, BUILD_DISK_GIBIBYTES, 'building Kubernetes');
  const temporary = await mkdtemp(join(cache, '.building-'));
  try {
    report.step(`Building Kubernetes ${kubernetesVersion} from source: once, 6 to 10 minutes on two cores.`);
    const startedAt = performance.now();
    await buildProgram('./pause', join(temporary, 'pause'), '-s -w', SILENT_REPORT, cache);
    await buildProgram('.', join(temporary, 'kubernetes'), linkerFlags(kubernetesVersion), report, cache);
    // Atomic: another process sees either no folder or a whole one, and the first to finish wins.
    await rename(temporary, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    report.step(
      `Kubernetes ${kubernetesVersion} is built in ${describeDuration((performance.now() - startedAt) / 1000)} and kept in ${target}.`,
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return programs;
}

export function readKubernetesVersion(goModule: string): string {
  const version = /^\s*k8s\.io\/kubernetes (v\d+\.\d+\.\d+)$/m.exec(goModule)?.[1];
  if (version === undefined) throw new Error('go.mod requires no k8s.io/kubernetes');
  return version;
}

/** A plain `go build` leaves the version empty, and clients then treat the server as v0.0.0. */
export function linkerFlags(kubernetesVersion: string): string {
  const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');
  const variable = 'k8s.io/component-base/version';
  return `-s -w -X ${variable}.gitVersion=${kubernetesVersion} -X ${variable}.gitMajor=${major} -X ${variable}.gitMinor=${minor}`;
}

async function readGo(): Promise<{ readonly version: string; readonly cache: string }> {
  const result = await tryCommand('go', ['env', 'GOVERSION', 'GOCACHE'], {
    environment: { GOTOOLCHAIN: 'local' },
  }).catch(() => undefined);
  const [version, cache] = result?.exitCode === 0 ? result.output.split('\n') : [];
  const problem = explainGoVersion(version, MINIMUM_GO_VERSION);
  if (problem !== undefined || version === undefined) throw new ClusterError(problem ?? '');
  return { version, cache: cache ?? '/' };
}

async function buildProgram(
  packagePath: string,
  output: string,
  flags: string,
  report: ConsoleReport,
  cache: string,
): Promise<void> {
  // The lock makes a second builder wait; it then finds every package compiled and only links.
  const child = spawn(
    'flock',
    [
      join(cache, '.build-lock'),
      'go',
      'build',
      '-v',
      '-trimpath',
      '-ldflags',
      flags,
      '-o',
      output,
      packagePath,
    ],
    {
      cwd: MODULE_DIRECTORY,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GOFLAGS: '-buildvcs=false -mod=readonly',
        GOTOOLCHAIN: 'local',
        GOWORK: 'off',
      },
    },
  );
  const lines: string[] = [];
  const startedAt = performance.now();
  const redraw = (): void => {
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    const compiledPackages = countCompiledPackages(lines);
    report.progress(
      compiledPackages === 0
        ? 'Fetching the sources of Kubernetes.'
        : renderProgress(
            { compiledPackages, expectedPackages: EXPECTED_PACKAGES, elapsedSeconds },
            PROGRESS_COLUMNS,
          ),
    );
  };
  const timer = setInterval(redraw, 1000);
  try {
    const closed = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 137));
    });
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    const exitCode = await closed;
    if (exitCode === 0) return;
  } finally {
    clearInterval(timer);
  }
  const complaints = lines.filter((line) => countCompiledPackages([line]) === 0);
  throw new ClusterError(
    `Building Kubernetes in ${MODULE_DIRECTORY} failed; Go said: ${lastLines(complaints.join('\n'), 5)}`,
  );
}
