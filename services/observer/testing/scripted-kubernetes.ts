/**
 * As much of an API server as the observer asks: three collections that can be listed and watched, statuses that are applied with
 * their precondition, one Lease, and reviews of tokens that are their own word for who carries them.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// oxlint-disable-next-line typescript/no-explicit-any -- objects of many kinds, which tests read freely.
type AnyObject = any;

const KINDS: Readonly<Record<string, string>> = {
  agents: 'Agent',
  models: 'Model',
  canaryrollouts: 'CanaryRollout',
};
const COLLECTION =
  /^\/apis\/capataz\.dev\/v1alpha1\/(?:namespaces\/([^/]+)\/)?(agents|models|canaryrollouts)(?:\/([^/]+)\/status)?$/;

export interface StatusWrite {
  readonly key: string;
  readonly fieldManager: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly message: string;
  }[];
}

export interface ScriptedKubernetes extends AsyncDisposable {
  /** Makes an object, or changes it. */
  readonly put: (plural: 'agents' | 'models' | 'canaryrollouts', object: AnyObject) => void;
  readonly remove: (plural: 'agents' | 'models' | 'canaryrollouts', key: string) => void;
  readonly get: (plural: 'agents' | 'models' | 'canaryrollouts', key: string) => AnyObject;
  readonly statusWrites: readonly StatusWrite[];
  readonly leaseHolder: () => string | undefined;
}

export function tokenFor(username: string, audience: string): string {
  const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${base64({ alg: 'none' })}.${base64({ sub: username, aud: [audience], exp: 4_000_000_000 })}.x`;
}

/** Writes a kubeconfig that leads to it. */
export async function startScriptedKubernetes(kubeconfigPath: string): Promise<ScriptedKubernetes> {
  let version = 1;
  const collections = new Map<string, Map<string, AnyObject>>(
    Object.keys(KINDS).map((plural) => [plural, new Map()]),
  );
  const watchers = new Map<ServerResponse, string>();
  const statusWrites: StatusWrite[] = [];
  let lease: AnyObject;
  const of = (plural: string): Map<string, AnyObject> => collections.get(plural) ?? new Map();
  const tell = (plural: string, type: string, object: AnyObject): void => {
    for (const [response, watched] of watchers) {
      if (watched === plural) response.write(`${JSON.stringify({ type, object })}\n`);
    }
  };
  const keep = (plural: string, object: AnyObject): AnyObject => {
    version += 1;
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const kept = {
      apiVersion: 'capataz.dev/v1alpha1',
      kind: KINDS[plural],
      ...object,
      metadata: {
        generation: 1,
        uid: `uid-of-${object.metadata.name}`,
        ...object.metadata,
        resourceVersion: String(version),
      },
    };
    const isNew = !of(plural).has(key);
    of(plural).set(key, kept);
    tell(plural, isNew ? 'ADDED' : 'MODIFIED', kept);
    return kept;
  };

  const applyStatus = (key: string, fieldManager: string, body: AnyObject): readonly [number, AnyObject] => {
    const live = of('agents').get(key);
    if (live === undefined) return [404, failure(404, 'NotFound')];
    if (body.metadata.resourceVersion !== live.metadata.resourceVersion)
      return [409, failure(409, 'Conflict')];
    const { conditions } = body.status;
    statusWrites.push({ key, fieldManager, conditions });
    const types = new Set(conditions.map(({ type }: AnyObject) => type));
    const others = (live.status?.conditions ?? []).filter(({ type }: AnyObject) => !types.has(type));
    return [
      200,
      keep('agents', { ...live, status: { ...live.status, conditions: [...others, ...conditions] } }),
    ];
  };

  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const [, namespace, plural, name] = COLLECTION.exec(url.pathname) ?? [];
    if (plural !== undefined && name === undefined && url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      watchers.set(response, plural);
      response.once('close', () => watchers.delete(response));
      return;
    }
    const [status, answer] = answerOf();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));

    function answerOf(): readonly [number, AnyObject] {
      if (plural !== undefined && name === undefined) {
        return [200, { metadata: { resourceVersion: String(version) }, items: [...of(plural).values()] }];
      }
      if (plural !== undefined && request.method === 'PATCH') {
        return applyStatus(`${namespace}/${name}`, url.searchParams.get('fieldManager') ?? '', body);
      }
      if (url.pathname.endsWith('/tokenreviews')) return [201, { status: reviewed(body.spec.token) }];
      if (url.pathname.endsWith('/subjectaccessreviews')) return [201, { status: { allowed: true } }];
      return url.pathname.includes('/leases') ? answerLease() : [404, failure(404, 'NotFound')];
    }

    function answerLease(): readonly [number, AnyObject] {
      if (request.method === 'GET')
        return lease === undefined ? [404, failure(404, 'NotFound')] : [200, lease];
      const isStale = lease !== undefined && body.metadata.resourceVersion !== lease.metadata.resourceVersion;
      if (isStale) return [409, failure(409, 'Conflict')];
      version += 1;
      lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(version) } };
      return [200, lease];
    }
  };

  const server = createServer((request, response) => void answerTo(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await writeFile(
    kubeconfigPath,
    JSON.stringify({
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      // The library refuses plain HTTP otherwise.
      clusters: [
        { name: 'test', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'test', user: {} }],
    }),
  );
  return {
    put: (plural, object) => void keep(plural, object),
    remove: (plural, key) => {
      const object = of(plural).get(key);
      of(plural).delete(key);
      tell(plural, 'DELETED', object);
    },
    get: (plural, key) => of(plural).get(key),
    statusWrites,
    leaseHolder: () => lease?.spec.holderIdentity,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function reviewed(token: string): object {
  const { sub, aud } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return { authenticated: true, audiences: aud, user: { username: sub } };
}

function failure(code: number, reason: string): object {
  return { kind: 'Status', code, reason, message: reason };
}
