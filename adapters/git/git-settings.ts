/**
 * How git is run against a server that may be hostile, or may be somebody else than we think: no hook, no helper, no
 * prompt, no redirect, no other protocol, and nothing of the machine's own configuration. Secrets stand in files that
 * only we can read, never among the arguments of a process.
 */
import { join } from 'node:path';

/** What a Secret gives. */
export type GitCredentials =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'https';
      readonly username: string;
      readonly password: string;
      /** PEM, of an authority beside the public ones. */
      readonly certificateAuthority?: string;
    }
  | { readonly kind: 'ssh'; readonly identity: string; readonly knownHosts: string };

export interface GitWorkplace {
  /** A folder of our own, mode 0700, that is deleted afterwards. */
  readonly folder: string;
  readonly identityPath: string;
  readonly knownHostsPath: string;
  readonly authorityPath: string;
  readonly allowedSignersPath: string;
  readonly configPath: string;
  readonly gpgHome: string;
}

export function workplaceIn(folder: string): GitWorkplace {
  return {
    folder,
    identityPath: join(folder, 'identity'),
    knownHostsPath: join(folder, 'known_hosts'),
    authorityPath: join(folder, 'ca.crt'),
    allowedSignersPath: join(folder, 'allowed_signers'),
    configPath: join(folder, 'gitconfig'),
    gpgHome: join(folder, 'gnupg'),
  };
}

const LOW_SPEED_BYTES_PER_SECOND = 1_000;
const LOW_SPEED_SECONDS = 20;

/** The text of the only configuration file that git reads. */
export function gitConfiguration(url: string, credentials: GitCredentials, workplace: GitWorkplace): string {
  const scheme = url.slice(0, url.indexOf(':'));
  const lines = [
    '[core]',
    '  hooksPath = /dev/null',
    '  bigFileThreshold = 1m',
    '  deltaBaseCacheLimit = 16m',
    '  fsmonitor = false',
    `  sshCommand = ${quoted(sshCommand(workplace))}`,
    '[credential]',
    '  helper =',
    '[protocol]',
    '  version = 2',
    '  allow = never',
    `[protocol ${quoted(scheme)}]`,
    '  allow = always',
    '[fetch]',
    '  recurseSubmodules = false',
    '  unpackLimit = 1',
    '  writeCommitGraph = false',
    '[pack]',
    '  threads = 1',
    '[gc]',
    '  auto = 0',
    '[maintenance]',
    '  auto = false',
    '[http]',
    '  followRedirects = false',
    `  lowSpeedLimit = ${LOW_SPEED_BYTES_PER_SECOND}`,
    `  lowSpeedTime = ${LOW_SPEED_SECONDS}`,
    '[gpg "ssh"]',
    `  allowedSignersFile = ${quoted(workplace.allowedSignersPath)}`,
  ];
  if (credentials.kind === 'https') {
    const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    // For the server of the url alone.
    lines.push(
      `[http ${quoted(new URL(url).origin)}]`,
      `  extraHeader = ${quoted(`Authorization: Basic ${basic}`)}`,
    );
    if (credentials.certificateAuthority !== undefined) {
      lines.push(`  sslCAInfo = ${quoted(workplace.authorityPath)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function sshCommand({ identityPath, knownHostsPath }: GitWorkplace): string {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHostsPath}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ConnectTimeout=15',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=2',
  ];
  return `ssh -F /dev/null -i ${identityPath} ${options.map((option) => `-o ${option}`).join(' ')}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}

/** The whole environment of git; nothing is inherited but where programs are found. */
export function gitEnvironment(
  { configPath, folder, gpgHome }: GitWorkplace,
  searchPath: string,
): Readonly<Record<string, string>> {
  return {
    PATH: searchPath,
    HOME: folder,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: configPath,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GNUPGHOME: gpgHome,
  };
}
