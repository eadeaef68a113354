/** The page: files with a hash in their name for ever, and for every path that is a view the one HTML file. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from '../replies.ts';

const INDEX = 'index.html';
/** Where vite puts files whose names change with their content. */
const HASHED = '/assets/';

export async function servePage(app: FastifyInstance, folder: string): Promise<void> {
  await access(join(folder, INDEX)).catch(() => {
    throw new Error(
      `There is no page in ${folder}: build it with npm run build:page, or name another folder by CAPATAZ_PAGE_PATH.`,
    );
  });
  await app.register(fastifyStatic, { root: folder, serve: false, index: false, dotfiles: 'ignore' });
  app.get('/*', async (request, reply) => {
    const [path = '/'] = request.url.split('?', 1);
    if (path.startsWith('/v1/') || path === '/v1') {
      return sendRefusal(reply, {
        code: 'unknown_path',
        message: `There is no ${request.method} ${path.slice(0, 100)} here.`,
      });
    }
    if (path.startsWith(HASHED)) {
      return reply.sendFile(path.slice(1), { maxAge: '365d', immutable: true });
    }
    if (/^\/[\w-]+\.(svg|png|ico|txt|webmanifest)$/.test(path))
      return reply.sendFile(path.slice(1), { maxAge: '1h' });
    return reply.sendFile(INDEX, { cacheControl: false });
  });
}
