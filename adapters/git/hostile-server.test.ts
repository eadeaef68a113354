/** A session with servers that no git would be, and with a disk that fails. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { type ServerResponse, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GIT_LIMITS, type GitLimits, type GitSession, openGitSession } from './git-cache.ts';

const FLUSH = Buffer.from('0000');
const DELIMITER = Buffer.from('0001');

const packet = (content: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
};
const nameOf = (kind: string, bytes: Buffer): string =>
  createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');

/** As a pack has them: https://git-scm.com/docs/gitformat-pack. */
const KINDS = { commit: 1, tree: 2, blob: 3, delta: 7 } as const;

function objectHead(kind: keyof typeof KINDS, size: number): Buffer {
  const bytes = [KINDS[kind] * 16 + (size % 16)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) + 128, rest % 128);
  }
  return Buffer.from(bytes);
}

function lengthInDelta(size: number): Buffer {
  const bytes = [size % 128];
  for (let rest = Math.floor(size / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) + 128, rest % 128);
  }
  return Buffer.from(bytes);
}

const packed = (kind: 'commit' | 'tree' | 'blob', bytes: Buffer): Buffer =>
  Buffer.concat([objectHead(kind, bytes.length), deflateSync(bytes)]);

function packOf(objects: readonly Buffer[]): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  head.writeUInt32BE(objects.length, 8);
  const bytes = Buffer.concat([head, ...objects]);
  return Buffer.concat([bytes, createHash('sha1').update(bytes).digest()]);
}

const BLOB = Buffer.from('Hello\n');
const FOLDER = Buffer.concat([Buffer.from('100644 a.prompt\0'), Buffer.from(nameOf('blob', BLOB), 'hex')]);
const ROOT = Buffer.concat([Buffer.from('40000 prompts\0'), Buffer.from(nameOf('tree', FOLDER), 'hex')]);
const WHO = 'A <a@example.com> 0 +0000';
const COMMIT = Buffer.from(`tree ${nameOf('tree', ROOT)}\nauthor ${WHO}\ncommitter ${WHO}\n\nm\n`);
const COMMIT_NAME = nameOf('commit', COMMIT);
const OBJECTS = [
  packed('blob', BLOB),
  packed('tree', FOLDER),
  packed('tree', ROOT),
  packed('commit', COMMIT),
];

type Answer = (response: ServerResponse) => void;

interface Behaviour {
  readonly advertisement?: Answer;
  readonly pack?: Buffer;
  /** In place of a pack. */
  readonly fetched?: Answer;
}

const endless =
  (piece: Buffer): Answer =>
  (response) => {
    const go = (): void => {
      while (response.write(piece));
      response.once('drain', go);
    };
    go();
  };

/** Speaks as much of protocol version 2 as one shallow fetch needs. */
async function serve({ advertisement, pack = packOf(OBJECTS), fetched }: Behaviour) {
  const closed = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.socket.once('close', () => closed.resolve());
    let body = '';
    request.setEncoding('latin1').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      if (request.url?.includes('/info/refs') === true) {
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
        const lines = ['version 2\n', 'ls-refs\n', 'fetch=shallow\n', 'object-format=sha1\n'];
        const head = Buffer.concat([packet('# service=git-upload-pack\n'), FLUSH]);
        if (advertisement === undefined) response.end(Buffer.concat([head, ...lines.map(packet), FLUSH]));
        else {
          response.write(head);
          advertisement(response);
        }
        return;
      }
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      if (body.includes('command=ls-refs')) {
        response.end(Buffer.concat([packet(`${COMMIT_NAME} refs/heads/main\n`), FLUSH]));
        return;
      }
      const shallow = [packet('shallow-info\n'), packet(`shallow ${COMMIT_NAME}\n`), DELIMITER];
      response.write(Buffer.concat([...shallow, packet('packfile\n')]));
      if (fetched !== undefined) {
        fetched(response);
        return;
      }
      for (let start = 0; start < pack.length; start += 60_000) {
        response.write(packet(Buffer.concat([Buffer.from([1]), pack.subarray(start, start + 60_000)])));
      }
      response.end(FLUSH);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/repository.git`,
    /** A connection was closed from the other side. */
    closed: closed.promise,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'hostile-git-'));
  await mkdir(join(place, 'secrets'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

function open(
  url: string,
  limits: Partial<GitLimits> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<GitSession> {
  return openGitSession(
    {
      folder: join(place, 'cache'),
      temporaryFolder: join(place, 'secrets'),
      searchPath: process.env['PATH'] ?? '',
      allowedSchemes: ['http'],
      limits: { ...GIT_LIMITS, ...limits },
    },
    { url, reference: 'refs/heads/main', credentials: { kind: 'none' } },
    signal,
  );
}

describe('a session with a hostile server', () => {
  it('takes a commit of one that behaves', async () => {
    using server = await serve({});
    await using session = await open(server.url);
    const commit = await session.fetch();
    const [entry] = await session.list(commit, ['prompts']);
    expect(Buffer.from(await session.read(entry?.object ?? '')).toString()).toBe('Hello\n');
  });

  it('gives a pack that unfolds no more memory than git has here', async () => {
    const base = Buffer.alloc(0xff_ff_00);
    const times = 120;
    // Copies all of the base, again and again: 2 GB out of less than a kilobyte.
    const copy = Buffer.from([0xf0, 0x00, 0xff, 0xff]);
    const delta = Buffer.concat([
      lengthInDelta(base.length),
      lengthInDelta(base.length * times),
      ...Array.from({ length: times }, () => copy),
    ]);
    const bomb = Buffer.concat([
      objectHead('delta', delta.length),
      Buffer.from(nameOf('blob', base), 'hex'),
      deflateSync(delta),
    ]);
    using server = await serve({ pack: packOf([...OBJECTS, packed('blob', base), bomb]) });
    await using session = await open(server.url);
    await expect(session.fetch()).rejects.toMatchObject({ reason: 'TooLarge' });
  });

  it('ends with one that has no end of references or of messages', async () => {
    const references = Array.from({ length: 1_000 }, (_, index) =>
      packet(`${COMMIT_NAME} refs/heads/${'r'.repeat(200)}${index}\n`),
    );
    using many = await serve({ advertisement: endless(Buffer.concat(references)) });
    // Little, so that it is soon.
    await using session = await open(many.url, { memoryBytes: 33_554_432 });
    await expect(session.fetch()).rejects.toMatchObject({ reason: 'TooLarge' });
    const message = packet(Buffer.concat([Buffer.from([2]), Buffer.alloc(60_000, 'x'), Buffer.from('\n')]));
    using talking = await serve({ fetched: endless(message) });
    await using other = await open(talking.url);
    await expect(other.fetch()).rejects.toThrow('The server sent messages of more than');
  });

  it('leaves no process behind that goes on talking to one that says nothing', async () => {
    const asked = new AbortController();
    using server = await serve({ advertisement: () => asked.abort() });
    await using session = await open(server.url, {}, asked.signal);
    await expect(session.fetch()).rejects.toMatchObject({ name: 'AbortError' });
    await server.closed;
  });

  it('reads no name of an author that is a book', async () => {
    const author = `author ${'A'.repeat(100_000)} <a@example.com> 0 +0000`;
    const commit = Buffer.from(COMMIT.toString().replace(/author .*/, author));
    using server = await serve({ pack: packOf([...OBJECTS, packed('commit', commit)]) });
    await using session = await open(server.url);
    await session.fetch();
    await expect(session.authorOf(nameOf('commit', commit))).rejects.toMatchObject({ reason: 'TooLarge' });
  });
});

describe('a session on a bad disk', () => {
  it('tells a file that cannot be read from one that is not there, and fetches all of it anew', async () => {
    using server = await serve({});
    const packs = join(place, 'cache/objects/pack');
    {
      await using session = await open(server.url);
      await session.fetch();
      const pack = (await readdir(packs)).find((name) => name.endsWith('.pack'));
      await truncate(join(packs, pack ?? ''), 0);
      await expect(session.list(COMMIT_NAME, ['prompts'])).rejects.toMatchObject({ reason: 'FetchFailed' });
    }
    await using session = await open(server.url);
    expect(await session.list(await session.fetch(), ['prompts'])).toHaveLength(1);
  });

  it('says in a sentence that it cannot be written', async () => {
    using server = await serve({});
    await rm(join(place, 'secrets'), { recursive: true });
    await writeFile(join(place, 'secrets'), 'a file in the place of a folder');
    await expect(open(server.url)).rejects.toMatchObject({
      reason: 'FetchFailed',
      message: expect.stringContaining('disk'),
    });
  });
});
