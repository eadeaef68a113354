/** The least that a Node gateway can do: fastify takes the request, undici passes it on, the answer is piped back. */
import { fastify } from 'fastify';
import { Pool } from 'undici';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const upstream = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 1024 });
const app = fastify({ logger: false, keepAliveTimeout: 120_000 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
app.post('/v1/chat/completions', async (request, reply) => {
  const { statusCode, headers, body } = await upstream.request({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: request.headers.authorization },
    body: request.body as Buffer,
  });
  return reply.code(statusCode).header('content-type', headers['content-type']).send(body);
});
await app.listen({ port: port ?? 0, host: '127.0.0.1' });
