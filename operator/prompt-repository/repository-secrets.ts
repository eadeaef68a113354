/** Reads what a PromptRepository names: Secrets and ConfigMaps by name, each time anew, so that a rotated key counts. */
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { objectPath } from '#adapters/kubernetes/resource-kind.ts';
import type { SignatureKeys } from '#adapters/git/commit-signature.ts';
import type { GitCredentials } from '#adapters/git/git-settings.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';

export class SecretProblem extends Error {
  override readonly name = 'SecretProblem';
  readonly reason: 'SecretNotFound' | 'SecretInvalid';
  constructor(reason: SecretProblem['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

const SECRETS = { groupVersion: 'v1', kind: 'Secret', plural: 'secrets' } as const;
const CONFIG_MAPS = { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' } as const;

/** For servers that look at the token alone. */
const TOKEN_USERNAME = 'x-access-token';

type Values = ReadonlyMap<string, string>;
type Requester = Pick<KubeClient, 'request'>;

export async function readSecret(kubeClient: Requester, namespace: string, name: string): Promise<Values> {
  return readValues(kubeClient, SECRETS, namespace, name, (text) =>
    Buffer.from(text, 'base64').toString('utf8'),
  );
}

async function readValues(
  kubeClient: Requester,
  resource: typeof SECRETS | typeof CONFIG_MAPS,
  namespace: string,
  name: string,
  decode: (text: string) => string,
): Promise<Values> {
  try {
    const object = (await kubeClient.request({
      method: 'GET',
      path: objectPath(resource, namespace, name),
    })) as {
      readonly data?: Readonly<Record<string, string>>;
    };
    return new Map(Object.entries(object.data ?? {}).map(([key, text]) => [key, decode(text)]));
  } catch (error) {
    if (!(error instanceof KubeApiError) || ![403, 404].includes(error.status)) throw error;
    const problem = error.status === 404 ? 'does not exist' : 'may not be read by this process';
    throw new SecretProblem(
      'SecretNotFound',
      `${resource.kind} ${name} ${problem} in namespace ${namespace}.`,
    );
  }
}

export async function readCredentials(
  kubeClient: Requester,
  { metadata: { namespace }, spec: { url, secretRef } }: PromptRepository,
): Promise<GitCredentials> {
  if (secretRef === undefined) {
    if (!url.startsWith('ssh:')) return { kind: 'none' };
    throw new SecretProblem(
      'SecretInvalid',
      `${url} needs spec.secretRef: a Secret with the keys identity and known_hosts.`,
    );
  }
  const values = await readSecret(kubeClient, namespace, secretRef.name);
  const missing = (keys: string): SecretProblem =>
    new SecretProblem(
      'SecretInvalid',
      `Secret ${secretRef.name} in namespace ${namespace} needs ${keys} for ${url}.`,
    );
  if (url.startsWith('ssh:'))
    return sshCredentials(values, missing, `Secret ${secretRef.name} in namespace ${namespace}`);
  const token = values.get('token');
  const username = values.get('username') ?? (token === undefined ? undefined : TOKEN_USERNAME);
  const password = values.get('password') ?? token;
  const certificateAuthority = values.get('ca.crt');
  if (username === undefined || password === undefined)
    throw missing('the keys username and password, or token');
  const lines = /[\r\n\0]/;
  if (lines.test(username.trim()) || lines.test(password.trim()) || username.includes(':')) {
    throw new SecretProblem(
      'SecretInvalid',
      `Secret ${secretRef.name} in namespace ${namespace} holds a user name or password with a line break or a colon in the name.`,
    );
  }
  return {
    kind: 'https',
    username: username.trim(),
    password: password.trim(),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
  };
}

function sshCredentials(
  values: Values,
  missing: (keys: string) => SecretProblem,
  place: string,
): GitCredentials {
  const [identity, knownHosts] = [values.get('identity'), values.get('known_hosts')];
  if (identity === undefined || knownHosts === undefined) throw missing('the keys identity and known_hosts');
  if (hasPassphrase(identity)) {
    throw new SecretProblem(
      'SecretInvalid',
      `The key identity of ${place} has a passphrase, which nobody can type here: give one without.`,
    );
  }
  return { kind: 'ssh', identity, knownHosts };
}

/** OpenSSH's own format tells the cipher after this (PROTOCOL.key); the older ones say it in words. */
const OPENSSH_KEY = 'openssh-key-v1\0';
const NO_CIPHER = '\0\0\0\u0004none';

function hasPassphrase(identity: string): boolean {
  const key = Buffer.from(identity.replaceAll(/^-.*$/gm, ''), 'base64').toString('latin1');
  return key.startsWith(OPENSSH_KEY)
    ? !key.startsWith(NO_CIPHER, OPENSSH_KEY.length)
    : /ENCRYPTED/.test(identity);
}

/** Undefined when every commit is taken. */
export async function readSignatureKeys(
  kubeClient: Requester,
  { metadata: { namespace }, spec: { signatures } }: PromptRepository,
): Promise<SignatureKeys | undefined> {
  const from = signatures?.policy === 'RequireGood' ? signatures.keysFrom : undefined;
  if (from === undefined) return undefined;
  const name = from.secretRef?.name ?? from.configMapRef?.name ?? '';
  const values =
    from.secretRef === undefined
      ? await readValues(kubeClient, CONFIG_MAPS, namespace, name, (text) => text)
      : await readSecret(kubeClient, namespace, name);
  const [allowedSigners, openPgpKeys] = [values.get('allowed_signers'), values.get('public-keys.asc')];
  if (allowedSigners === undefined && openPgpKeys === undefined) {
    throw new SecretProblem(
      'SecretInvalid',
      `${name} in namespace ${namespace} needs the key allowed_signers or public-keys.asc.`,
    );
  }
  return {
    ...(allowedSigners === undefined ? {} : { allowedSigners }),
    ...(openPgpKeys === undefined ? {} : { openPgpKeys }),
  };
}
