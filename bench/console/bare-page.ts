/**
 * The least that could show the same: a server of its own process that sends rows which it has as text already, and a page that
 * makes a table of the first forty. No rights, no sessions, no judgement. Its first line tells its port.
 *
 *     node bench/console/bare-page.ts ROWS.json RUN.json
 *
 *     GET /rows.json?search=   as many of the rows as the console sends on a page
 *     GET /run.json            the first window of a run
 *     GET /stream              what is posted to /tell, once to each
 */
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { formatEvent } from '#process/http/event-stream.ts';
import { listen } from '#process/http/listen.ts';

const PAGE_ROWS = 100;
const [rowsPath = '', runPath = ''] = process.argv.slice(2);
const rows = JSON.parse(await readFile(rowsPath, 'utf8')) as readonly { readonly name: string }[];
const run = await readFile(runPath, 'utf8');
const firstPage = JSON.stringify(rows.slice(0, PAGE_ROWS));
const readers = new Set<ServerResponse>();

const SCRIPT = `
const what = location.pathname === '/run' ? '/run.json' : '/rows.json';
const body = document.querySelector('tbody');
async function show(search) {
  const answer = await (await fetch(what + (search ? '?search=' + encodeURIComponent(search) : ''))).json();
  const rows = (Array.isArray(answer) ? answer : answer.entries).slice(0, 40);
  body.replaceChildren(...rows.map((row) => {
    const line = document.createElement('tr');
    for (const value of Object.values(row).slice(0, 12)) {
      const cell = document.createElement('td');
      cell.textContent = typeof value === 'object' ? JSON.stringify(value).slice(0, 20) : value;
      line.append(cell);
    }
    return line;
  }));
}
document.querySelector('input').addEventListener('input', ({ target }) => void show(target.value));
void show('');
`;
const PAGE = `<!doctype html><html lang="en"><title>bare</title><h1>Bare</h1><input type="search"><table><tbody></tbody></table><script src="/bare.js"></script>`;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const send = (type: string, body: string): void =>
    void response.writeHead(200, { 'content-type': type }).end(body);
  if (url.pathname === '/stream') {
    readers.add(response);
    response.once('close', () => readers.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  } else if (url.pathname === '/tell') {
    void tellAll(request, response);
  } else if (url.pathname === '/rows.json') {
    const search = url.searchParams.get('search') ?? '';
    send(
      'application/json',
      search === ''
        ? firstPage
        : JSON.stringify(rows.filter(({ name }) => name.includes(search)).slice(0, PAGE_ROWS)),
    );
  } else if (url.pathname === '/run.json') send('application/json', run);
  else if (url.pathname === '/bare.js') send('text/javascript', SCRIPT);
  else send('text/html', PAGE);
});
console.log(await listen(server, 0, '127.0.0.1'));

async function tellAll(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = Buffer.from(formatEvent(await text(request), 'changed'));
  for (const reader of readers) reader.write(bytes);
  response.end();
}
