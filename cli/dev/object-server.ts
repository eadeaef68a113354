/**
 * As much of a Kubernetes API server and of an operator as the router and one agent need, on loopback: lists and watches
 * of Agents, Models and Secrets, TokenReviews of the one token there is, and the stream of the agent's configuration.
 */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DevObject } from './read-objects.ts';

const PLURALS: Readonly<Record<string, string>> = { agents: 'Agent', models: 'Model', secrets: 'Secret' };
const HEARTBEAT_MILLISECONDS = 5_000;
const MAXIMUM_REVIEW_BYTES = 64 * 1024;
const MAXIMUM_EVENTS_KEPT = 1_000;

interface WatchEvent {
  readonly version: number;
  readonly kind: string;
  readonly line: string;
}

export interface ObjectServer extends AsyncDisposable {
  readonly url: string;
  readonly setObjects: (objects: readonly DevObject[]) => void;
  /** One line of JSON: an AgentConfiguration. */
  readonly setConfiguration: (text: string) => void;
}

/** `token` is taken as the one of `username`. */
export async function startObjectServer(token: string, username: string): Promise<ObjectServer> {
  const objects = new Map<string, { readonly text: string; readonly object: DevObject & object }>();
  const watchers = new Map<ServerResponse, string>();
  const followers = new Set<ServerResponse>();
  const events: WatchEvent[] = [];
  let version = 1;
  let configuration: string | undefined;
  const known = Promise.withResolvers<void>();

  const tell = (type: string, kind: string, object: object): void => {
    const event = { version, kind, line: `${JSON.stringify({ type, object })}\n` };
    events.push(event);
    if (events.length > MAXIMUM_EVENTS_KEPT) events.shift();
    for (const [response, watched] of watchers) if (watched === kind) response.write(event.line);
  };

  const list = async (kind: string, url: URL, response: ServerResponse): Promise<void> => {
    // Before that there would seem to be none, and the router would be ready with nothing.
    await known.promise;
    const name = /metadata\.name=([^,]+)/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1];
    const items = [...objects.values()]
      .map(({ object }) => object)
      .filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
    sendJson(response, 200, { kind: 'List', metadata: { resourceVersion: String(version) }, items });
  };

  const watch = (kind: string, url: URL, response: ServerResponse): void => {
    const since = Number(url.searchParams.get('resourceVersion') ?? version);
    if (events.length === MAXIMUM_EVENTS_KEPT && since < (events[0]?.version ?? 0)) {
      sendJson(response, 410, { kind: 'Status', code: 410, reason: 'Expired' });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    for (const event of events) if (event.kind === kind && event.version > since) response.write(event.line);
    watchers.set(response, kind);
    const ending = setTimeout(
      () => response.end(),
      Number(url.searchParams.get('timeoutSeconds') ?? 60) * 1000,
    );
    response.once('close', () => {
      clearTimeout(ending);
      watchers.delete(response);
    });
  };

  const follow = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.write(configuration === undefined ? ': waiting\n\n' : agentEvent(configuration));
    followers.add(response);
    response.once('close', () => followers.delete(response));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const parts = url.pathname.split('/');
    const last = parts.at(-1) ?? '';
    if (last === 'tokenreviews') {
      await review(request, response, token, username);
      return;
    }
    // A page in a browser of this machine has not the token.
    if (!isToken(request.headers.authorization?.replace(/^Bearer +/i, ''), token)) {
      sendJson(response, 401, { kind: 'Status', code: 401, reason: 'Unauthorized' });
      return;
    }
    if (url.pathname === '/v1/configuration') follow(response);
    else if (PLURALS[last] !== undefined && url.searchParams.has('watch'))
      watch(PLURALS[last], url, response);
    else if (PLURALS[last] !== undefined) await list(PLURALS[last], url, response);
    else {
      const found = objects.get(`${PLURALS[parts.at(-2) ?? ''] ?? ''}/${parts.at(-3) ?? ''}/${last}`);
      if (found === undefined) sendJson(response, 404, { kind: 'Status', code: 404, reason: 'NotFound' });
      else sendJson(response, 200, found.object);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const heartbeats = setInterval(() => {
    for (const response of followers) response.write(': heartbeat\n\n');
  }, HEARTBEAT_MILLISECONDS);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setObjects: (given) => {
      const gone = new Set(objects.keys());
      for (const one of given) {
        const key = `${one.kind}/${one.metadata.namespace}/${one.metadata.name}`;
        gone.delete(key);
        const text = JSON.stringify(one);
        const before = objects.get(key);
        if (before?.text === text) continue;
        version += 1;
        const metadata = {
          ...one.metadata,
          uid: `dev-${one.metadata.name}`,
          resourceVersion: String(version),
          generation: version,
        };
        const object = { ...one, metadata };
        objects.set(key, { text, object });
        tell(before === undefined ? 'ADDED' : 'MODIFIED', one.kind, object);
      }
      for (const key of gone) {
        const before = objects.get(key);
        if (before === undefined) continue;
        version += 1;
        objects.delete(key);
        const metadata = { ...before.object.metadata, resourceVersion: String(version) };
        tell('DELETED', before.object.kind, { ...before.object, metadata });
      }
      known.resolve();
    },
    setConfiguration: (text) => {
      configuration = text;
      for (const response of followers) response.write(agentEvent(text));
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(heartbeats);
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const agentEvent = (text: string): string => `event: agent\ndata: ${text}\n\n`;

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function isToken(given: string | undefined, token: string): boolean {
  const [left, right] = [Buffer.from(given ?? ''), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function review(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  username: string,
): Promise<void> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAXIMUM_REVIEW_BYTES) throw new Error('the review is too long');
  }
  const { spec } = JSON.parse(text) as {
    readonly spec: { readonly token: string; readonly audiences: string[] };
  };
  const status = isToken(spec.token, token)
    ? { authenticated: true, audiences: spec.audiences, user: { username } }
    : { authenticated: false };
  sendJson(response, 201, { kind: 'TokenReview', status });
}
