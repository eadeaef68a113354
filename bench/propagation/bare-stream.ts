/**
 * The least that could tell a thousand readers something: a server of its own process that writes what it is given by POST
 * to every open stream. No API server, no tokens, no decision. Its first line tells its port.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { formatEvent } from '#process/http/event-stream.ts';
import { listen } from '#process/http/listen.ts';

const readers = new Set<ServerResponse>();
const server = createServer((request, response) => {
  if (request.method === 'POST') {
    void tellAll(request, response);
    return;
  }
  readers.add(response);
  response.once('close', () => readers.delete(response));
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
});
console.log(await listen(server, 0, '127.0.0.1'));

async function tellAll(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = Buffer.from(formatEvent(await text(request), 'rollout'));
  for (const reader of readers) reader.write(bytes);
  response.end();
}
