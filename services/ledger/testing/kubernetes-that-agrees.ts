/** As much of an API server as the ledger asks: every token is its own word for who carries it, and everybody may do all. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `system:serviceaccount:NAMESPACE:NAME`, with the ledger's audience. */
export function tokenFor(username: string): string {
  const claims = { sub: username, aud: [LEDGER_AUDIENCE], exp: 4_000_000_000 };
  return `${base64({ alg: 'none' })}.${base64(claims)}.x`;
}

/** Writes a kubeconfig that leads to it. */
export async function startKubernetesThatAgrees(kubeconfigPath: string): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    void answerTo(request).then((answer) =>
      response
        .writeHead(answer === undefined ? 404 : 201, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer ?? { kind: 'Status', code: 404, reason: 'NotFound' })),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    // The library refuses plain HTTP otherwise.
    clusters: [
      { name: 'test', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'test', user: {} }],
  };
  await writeFile(kubeconfigPath, JSON.stringify(kubeconfig));
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answerTo(request: IncomingMessage): Promise<object | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (request.url?.endsWith('/subjectaccessreviews') === true) return { status: { allowed: true } };
  if (request.url?.endsWith('/tokenreviews') !== true) return undefined;
  const { spec } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { spec: { token: string } };
  const claims = JSON.parse(Buffer.from(spec.token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
    sub: string;
  };
  return {
    status: { authenticated: true, audiences: [LEDGER_AUDIENCE], user: { username: claims.sub } },
  };
}
