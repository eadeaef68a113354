/**
 * As much of a Kubernetes API server as the router needs: lists and watches of one Agent, one Model and its Secret, and
 * TokenReviews. The router's own process talks to it over HTTP, as it would to the real one.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const NAMESPACE = 'bench';
const [port, upstreamPort] = process.argv.slice(2).map(Number);

const metadata = (name: string): object => ({
  name,
  namespace: NAMESPACE,
  uid: `uid-${name}`,
  resourceVersion: '1',
  generation: 1,
});

const COLLECTIONS: Readonly<Record<string, readonly object[]>> = {
  agents: [
    {
      metadata: metadata('triage'),
      spec: { promptRef: { name: 'triage' }, modelPolicy: { allow: [{ name: 'main', weight: 1 }] } },
    },
  ],
  models: [
    {
      metadata: metadata('main'),
      spec: {
        provider: 'OpenAICompatible',
        endpoint: `http://127.0.0.1:${upstreamPort}/v1`,
        model: 'bench-model',
        keyFrom: { secretRef: { name: 'provider-key' } },
        capabilities: ['Chat', 'Tools'],
        price: { inputUsdPerMillionTokens: '0.15', outputUsdPerMillionTokens: '0.60' },
      },
    },
  ],
  secrets: [
    { metadata: metadata('provider-key'), data: { key: Buffer.from('sk-bench').toString('base64') } },
  ],
};

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function review(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { spec } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { spec: { audiences: string[] } };
  sendJson(response, 201, {
    kind: 'TokenReview',
    status: {
      authenticated: true,
      audiences: spec.audiences,
      user: { username: `system:serviceaccount:${NAMESPACE}:agent-triage` },
    },
  });
}

async function watch(response: ServerResponse, timeoutSeconds: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  await sleep(timeoutSeconds * 1000);
  response.end();
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const plural = url.pathname.split('/').at(-1) ?? '';
  const items = COLLECTIONS[plural];
  if (plural === 'tokenreviews') void review(request, response);
  else if (items === undefined) sendJson(response, 404, { kind: 'Status', code: 404 });
  else if (url.searchParams.has('watch'))
    void watch(response, Number(url.searchParams.get('timeoutSeconds')));
  else sendJson(response, 200, { kind: 'List', metadata: { resourceVersion: '1' }, items });
}).listen(port, '127.0.0.1');
