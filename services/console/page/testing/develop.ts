/**
 * Shows the page with generated data: `node testing/develop.ts` with the sources as they are, `node testing/develop.ts --built` with
 * what `npm run build:page` made. The port is CONSOLE_PAGE_PORT, or any.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { createServer } from 'vite';
import { BUILT_FOLDER, VITE_SETTINGS } from '../build/vite-settings.ts';
import { startPageServer } from './page-server.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

async function serveBuilt(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://page').pathname;
  const file = path.startsWith('/assets/') && !path.includes('..') ? path : '/index.html';
  try {
    const content = await readFile(join(BUILT_FOLDER, file));
    response
      .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
      .end(content);
  } catch {
    response.writeHead(404).end();
  }
}

const isBuilt = process.argv.includes('--built');
const vite = isBuilt
  ? undefined
  : await createServer({ ...VITE_SETTINGS, appType: 'spa', server: { middlewareMode: true } });
const server = await startPageServer({
  port: Number(process.env['CONSOLE_PAGE_PORT'] ?? 0),
  agents: 1000,
  serveFile: (request, response) => {
    if (vite === undefined) {
      void serveBuilt(request, response);
      return;
    }
    // What reloads the page while it is worked on is inline.
    response.removeHeader('content-security-policy');
    vite.middlewares(request, response);
  },
});
process.stdout.write(`${server.url}\n`);
