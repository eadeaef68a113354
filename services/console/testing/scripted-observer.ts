/** An observer that says what the test says, over the real wire. */
import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { ObservedNews } from '#domain/observation/observed-news.ts';

export interface ScriptedObserver extends AsyncDisposable {
  readonly url: string;
  /** What whoever connects is told first. */
  whole: ObservedNews;
  /** A whole picture is also what whoever connects later is told first. */
  readonly tell: (news: ObservedNews) => void;
  readonly histories: Map<string, AgentHistory>;
  /** Ends the connections; who comes again is served again unless `isAway`. */
  readonly drop: () => void;
  isAway: boolean;
}

export const NO_NEWS: ObservedNews = {
  isWhole: true,
  version: 1,
  asOfMicroseconds: 1_764_162_000_000_000,
  problem: null,
  rows: [],
  removedRows: [],
  attention: [],
  namespaces: [],
};

export async function startScriptedObserver(): Promise<ScriptedObserver> {
  const followers = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (observer.isAway) {
      response.writeHead(503).end();
      return;
    }
    if (request.url === '/v1/news') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send(response, observer.whole);
      followers.add(response);
      response.once('close', () => followers.delete(response));
      return;
    }
    const history = observer.histories.get(request.url?.replace('/v1/agents/', '') ?? '');
    response.writeHead(history === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(history ?? {}));
  });
  const observer: ScriptedObserver = {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    whole: NO_NEWS,
    tell: (news) => {
      if (news.isWhole) observer.whole = news;
      for (const follower of followers) send(follower, news);
    },
    histories: new Map(),
    drop: () => {
      for (const follower of followers) follower.destroy();
    },
    isAway: false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return observer;
}

function send(response: ServerResponse, news: ObservedNews): void {
  response.write(`data: ${JSON.stringify(news)}\n\n`);
}
