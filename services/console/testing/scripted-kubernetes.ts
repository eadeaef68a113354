/**
 * As much of an API server as the console asks: lists and watches of our kinds, reviews of tokens and of rights, and patches of
 * annotations with their resourceVersion.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface TestObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface ScriptedKubernetes extends AsyncDisposable {
  readonly kubeconfig: object;
  /** `verb resource[/subresource] NAMESPACE`, with `*` for all namespaces; by user name. */
  readonly rights: Map<string, Set<string>>;
  /** Groups that a token review tells of a user. */
  readonly groups: Map<string, readonly string[]>;
  isAway: boolean;
  /** Of rights, since the start. */
  readonly reviews: { readonly user: string; readonly groups: readonly string[]; readonly right: string }[];
  readonly patches: { readonly path: string; readonly body: unknown }[];
  readonly put: (plural: string, object: TestObject) => void;
  readonly get: (plural: string, namespace: string, name: string) => TestObject | undefined;
  readonly remove: (plural: string, namespace: string, name: string) => void;
  /** Asked before a patch is made: throw to refuse it, change the object to overtake it. */
  onPatch: (() => void) | undefined;
}

const GROUP = '/apis/capataz.dev/v1alpha1/';

/** An unsigned token of a user for an audience. */
export function tokenOf(
  username: string,
  { audience = 'capataz-console', expiresAtSeconds = 4_000_000_000 } = {},
): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode({ sub: username, aud: [audience], exp: expiresAtSeconds })}.x`;
}

export async function startScriptedKubernetes(): Promise<ScriptedKubernetes> {
  const objects = new Map<string, Map<string, TestObject>>();
  const watches = new Map<string, Set<ServerResponse>>();
  let version = 1;

  const collection = (plural: string): Map<string, TestObject> => {
    const known = objects.get(plural) ?? new Map<string, TestObject>();
    objects.set(plural, known);
    return known;
  };
  const tell = (plural: string, type: string, object: TestObject): void => {
    for (const response of watches.get(plural) ?? []) response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const put = (plural: string, object: TestObject): void => {
    version += 1;
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const before = collection(plural).get(key);
    const metadata = {
      uid: `uid-${key}`,
      ...before?.metadata,
      ...object.metadata,
      resourceVersion: String(version),
    };
    const stored = { ...object, metadata };
    collection(plural).set(key, stored);
    tell(plural, before === undefined ? 'ADDED' : 'MODIFIED', stored);
  };

  const kubernetes: ScriptedKubernetes = {
    get kubeconfig() {
      const { port } = server.address() as AddressInfo;
      return {
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        // The library refuses plain HTTP otherwise.
        clusters: [
          { name: 'test', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
        ],
        users: [{ name: 'test', user: {} }],
      };
    },
    rights: new Map(),
    groups: new Map(),
    isAway: false,
    reviews: [],
    patches: [],
    put,
    get: (plural, namespace, name) => collection(plural).get(`${namespace}/${name}`),
    remove: (plural, namespace, name) => {
      const known = collection(plural).get(`${namespace}/${name}`);
      if (known === undefined) return;
      version += 1;
      collection(plural).delete(`${namespace}/${name}`);
      tell(plural, 'DELETED', {
        ...known,
        metadata: { ...known.metadata, resourceVersion: String(version) },
      });
    },
    onPatch: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://kubernetes');
    const body = await readBody(request);
    const send = (status: number, value: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (kubernetes.isAway) return send(503, { kind: 'Status', code: 503 });
    if (url.pathname.endsWith('/tokenreviews')) return send(201, reviewToken(body, kubernetes.groups));
    if (url.pathname.endsWith('/subjectaccessreviews')) return send(201, reviewAccess(body, kubernetes));
    if (!url.pathname.startsWith(GROUP)) return send(404, { kind: 'Status', code: 404 });
    const path = url.pathname.slice(GROUP.length).split('/');
    if (path.length === 1) {
      const [plural = ''] = path;
      if (url.searchParams.get('watch') !== null) return watch(plural, response);
      return send(200, {
        metadata: { resourceVersion: String(version) },
        items: [...collection(plural).values()],
      });
    }
    if (request.method === 'PATCH') {
      kubernetes.patches.push({ path: url.pathname, body });
      kubernetes.onPatch?.();
    }
    const [, namespace = '', plural = '', name = ''] = path;
    const [status, value] = answerObject(
      plural,
      `${namespace}/${name}`,
      request.method === 'PATCH' ? body : undefined,
    );
    return send(status, value);
  };
  const answerObject = (
    plural: string,
    key: string,
    patch: unknown,
  ): readonly [status: number, value: object] => {
    const known = collection(plural).get(key);
    if (known === undefined) return [404, { kind: 'Status', code: 404, reason: 'NotFound' }];
    if (patch === undefined) return [200, known];
    const { metadata } = patch as { metadata: { resourceVersion?: string; annotations?: object } };
    if (
      (metadata.resourceVersion ?? known.metadata['resourceVersion']) !== known.metadata['resourceVersion']
    ) {
      return [409, { kind: 'Status', code: 409, reason: 'Conflict' }];
    }
    const annotations = { ...(known.metadata['annotations'] as object | undefined), ...metadata.annotations };
    put(plural, { ...known, metadata: { ...known.metadata, annotations } });
    return [200, collection(plural).get(key) ?? {}];
  };
  const watch = (plural: string, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const open = watches.get(plural) ?? new Set();
    watches.set(plural, open.add(response));
    response.once('close', () => open.delete(response));
  };

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return kubernetes;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function reviewToken(body: unknown, groups: ReadonlyMap<string, readonly string[]>): object {
  const { spec } = body as { spec: { token: string; audiences?: string[] } };
  const payload = Buffer.from(spec.token.split('.')[1] ?? '', 'base64url').toString('utf8');
  if (!payload.startsWith('{')) return { status: { authenticated: false } };
  const claims = JSON.parse(payload) as { sub: string; aud: string[]; exp: number };
  const audiences = claims.aud.filter((audience) => spec.audiences?.includes(audience) ?? true);
  if (audiences.length === 0 || claims.exp < Date.now() / 1000) return { status: { authenticated: false } };
  return {
    status: {
      authenticated: true,
      audiences,
      user: { username: claims.sub, groups: groups.get(claims.sub) ?? [] },
    },
  };
}

function reviewAccess(body: unknown, { rights, reviews }: ScriptedKubernetes): object {
  const { spec } = body as {
    spec: {
      user: string;
      groups?: string[];
      resourceAttributes: { verb: string; resource: string; subresource: string; namespace?: string };
    };
  };
  const { verb, resource, subresource, namespace } = spec.resourceAttributes;
  const what = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
  reviews.push({ user: spec.user, groups: spec.groups ?? [], right: `${what} ${namespace ?? '*'}` });
  const names = [spec.user, ...(spec.groups ?? [])];
  const wanted = namespace === undefined ? [`${what} *`] : [`${what} *`, `${what} ${namespace}`];
  const allowed = names.some((name) => wanted.some((right) => rights.get(name)?.has(right) === true));
  return { status: { allowed } };
}
