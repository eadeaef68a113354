/** A session with real repositories, by the git binary of the machine. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GIT_LIMITS, type GitLimits, type GitRemote, type GitSession, openGitSession } from './git-cache.ts';

/** Of nobody who signs anything here. */
const OPEN_PGP_KEY = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEXgvhABYJKwYBBAHaRw8BAQdAbJajhzqbW5tSjzybza2rS4kaQ4v6OO3RlW97
wZktSnu0EG91cnNAZXhhbXBsZS5jb22IkAQTFggAOBYhBK1pT+l2gJZZ5FYiJdsW
fxzLdI0VBQJeC+EAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJENsWfxzL
dI0VJ64A/2x1xU21uamTmxVg/e2ufUjZjW9xnDfJgc1DsbDgJEzoAP9rqQhWGFkk
zLKnB+o9nTA1oraJeaEEUdEtOYf5res+AQ==
=745P
-----END PGP PUBLIC KEY BLOCK-----
`;

let place: string;
let origin: string;

const git = (...words: readonly string[]): string =>
  execFileSync('git', ['-C', origin, '-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

async function commit(
  files: Readonly<Record<string, string | Uint8Array>>,
  ...options: readonly string[]
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(origin, path)), { recursive: true });
    await writeFile(join(origin, path), content);
  }
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', 'A change', ...options);
  return git('rev-parse', 'HEAD');
}

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'git-cache-'));
  origin = join(place, 'origin');
  await mkdir(origin);
  await mkdir(join(place, 'secrets'));
  git('init', '--quiet', '--initial-branch=main');
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

function open(remote: Partial<GitRemote> = {}, limits: Partial<GitLimits> = {}): Promise<GitSession> {
  return openGitSession(
    {
      folder: join(place, 'cache'),
      temporaryFolder: join(place, 'secrets'),
      searchPath: process.env['PATH'] ?? '',
      allowedSchemes: ['file', 'http'],
      limits: { ...GIT_LIMITS, ...limits },
    },
    { url: `file://${origin}`, reference: 'refs/heads/main', credentials: { kind: 'none' }, ...remote },
    new AbortController().signal,
  );
}

describe('a session with a git server', () => {
  it('reads the files of the newest commit from the object database, and leaves no secret behind', async () => {
    await commit({ 'prompts/a.prompt': 'Hi', 'other/b.txt': 'no' });
    const newest = await commit({ 'prompts/a.prompt': 'Hello' });
    {
      await using session = await open();
      expect(await session.fetch()).toBe(newest);
      const entries = await session.list(newest, ['prompts']);
      expect(entries).toMatchObject([{ path: 'prompts/a.prompt', mode: '100644', size: 5 }]);
      expect(Buffer.from(await session.read(entries[0]?.object ?? '')).toString()).toBe('Hello');
      expect(await session.authorOf(newest)).toBe('Ana <ana@example.com>');
    }
    expect(await readdir(join(place, 'secrets'))).toEqual([]);
  });

  it('knows a commit that stands on another from a history that was rewritten', async () => {
    const first = await commit({ a: '1' });
    const second = await commit({ a: '2' });
    await using session = await open();
    expect(await session.isAncestor(first, await session.fetch())).toBe(true);
    const rewritten = await commit({ a: '3' }, '--amend');
    expect(await session.fetch()).toBe(rewritten);
    expect(await session.isAncestor(second, rewritten)).toBe(false);
    expect(await session.isAncestor(first, rewritten)).toBe(true);
  });

  it('says in a word what is wrong with a server, a reference or a scheme', async () => {
    await commit({ a: '1' });
    await using missing = await open({ reference: 'refs/heads/absent' });
    await expect(missing.fetch()).rejects.toMatchObject({ reason: 'ReferenceNotFound' });
    await using gone = await open({ url: `file://${place}/gone` });
    await expect(gone.fetch()).rejects.toMatchObject({ reason: 'Unreachable' });
    await expect(open({ url: 'ext::sh -c true' })).rejects.toMatchObject({ reason: 'UrlNotAllowed' });
  });

  it('keeps a fetch within its size, and begins anew after one that was too large', async () => {
    const small = await commit({ a: '1' });
    await commit({ large: randomBytes(400_000) });
    {
      await using session = await open({}, { maximumBytes: 20_000 });
      await expect(session.fetch()).rejects.toMatchObject({ reason: 'TooLarge' });
    }
    git('reset', '--quiet', '--hard', small);
    await using session = await open({}, { maximumBytes: 20_000 });
    expect(await session.fetch()).toBe(small);
  });

  it('goes on where a process was killed: no lock, no half of a pack and no secret that it left stays', async () => {
    await commit({ a: '1' });
    // Never disposed of, as when the process ends in the middle.
    const killed = await open();
    await killed.fetch();
    const cache = join(place, 'cache');
    const left = ['shallow.lock', 'config.lock', 'refs/capataz/head.lock', 'objects/pack/tmp_pack_killed'];
    for (const path of left) await writeFile(join(cache, path), 'x');
    await writeFile(join(cache, 'config'), '[core');
    const newest = await commit({ a: '2' });
    {
      await using session = await open();
      expect(await session.fetch()).toBe(newest);
    }
    const files = await readdir(cache, { recursive: true });
    expect(files.filter((path) => left.includes(path))).toEqual([]);
    expect(await readdir(join(place, 'secrets'))).toEqual([]);
  });

  it('does not list a tree that unfolds into more than there is room for', async () => {
    let object = git('hash-object', '-w', '--stdin');
    let kind = '100644 blob';
    for (let depth = 0; depth < 8; depth += 1) {
      const lines = Array.from({ length: 10 }, (_, index) => `${kind} ${object}\tp${index}`).join('\n');
      object = execFileSync('git', ['-C', origin, 'mktree'], {
        input: `${lines}\n`,
        encoding: 'utf8',
      }).trim();
      kind = '040000 tree';
    }
    git('update-ref', 'refs/heads/main', git('commit-tree', '-m', 'bomb', object));
    await using session = await open({}, { maximumListingBytes: 100_000 });
    const bomb = await session.fetch();
    await expect(session.list(bomb, [])).rejects.toMatchObject({ reason: 'TooLarge' });
  });

  it('follows no redirect, and gives up a server that says nothing', async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/silent') !== true) response.writeHead(302, { location: '/silent' }).end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    try {
      await using redirected = await open({ url: `http://127.0.0.1:${port}/moved` });
      await expect(redirected.fetch()).rejects.toMatchObject({ reason: 'Unreachable' });
      await using silent = await open({ url: `http://127.0.0.1:${port}/silent` }, { timeoutSeconds: 0.5 });
      await expect(silent.fetch()).rejects.toMatchObject({ reason: 'TimedOut' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('takes a signature by an allowed key of ssh, and no other', async () => {
    const keyOf = (name: string): string => {
      const path = join(place, name);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
      return path;
    };
    const [ours, theirs] = [keyOf('ours'), keyOf('theirs')];
    const publicKey = execFileSync('ssh-keygen', ['-y', '-f', ours], { encoding: 'utf8' });
    const keys = { allowedSigners: `ana@example.com ${publicKey}` };
    const verdictOf = async (...options: readonly string[]) => {
      git('-c', 'gpg.format=ssh', 'commit', '--quiet', '--allow-empty', '--message', 'm', ...options);
      await using session = await open({ keys });
      return await session.signatureOf(await session.fetch());
    };
    expect(await verdictOf()).toEqual({ kind: 'missing' });
    expect(await verdictOf(`-S${ours}`)).toEqual({ kind: 'good' });
    expect(await verdictOf(`-S${theirs}`)).toMatchObject({ kind: 'refused' });
    // Another commit under the signature of a good one.
    const signed = execFileSync('git', ['-C', origin, 'cat-file', 'commit', 'HEAD~1'], { encoding: 'utf8' });
    const forged = execFileSync('git', ['-C', origin, 'hash-object', '-t', 'commit', '-w', '--stdin'], {
      input: signed.replace('\n\nm', '\n\nforged'),
      encoding: 'utf8',
    }).trim();
    git('update-ref', 'refs/heads/main', forged);
    await using session = await open({ keys });
    expect(await session.signatureOf(await session.fetch())).toMatchObject({ kind: 'refused' });
  });

  it('believes no signature of a kind that it has no keys for, whatever stands before it', async () => {
    const theirs = join(place, 'theirs');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', theirs]);
    git('-c', 'gpg.format=ssh', 'commit', '--quiet', '--allow-empty', '--message', 'm', `-S${theirs}`);
    // git passes this header by, for it is one of repositories of SHA-256.
    const decoy = 'gpgsig-sha256 -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n';
    const signed = execFileSync('git', ['-C', origin, 'cat-file', 'commit', 'HEAD'], { encoding: 'utf8' });
    const forged = execFileSync('git', ['-C', origin, 'hash-object', '-t', 'commit', '-w', '--stdin'], {
      input: signed.replace('gpgsig ', `${decoy}gpgsig `),
      encoding: 'utf8',
    }).trim();
    git('update-ref', 'refs/heads/main', forged);
    await using session = await open({ keys: { openPgpKeys: OPEN_PGP_KEY } });
    expect(await session.signatureOf(await session.fetch())).toMatchObject({ kind: 'refused' });
  });
});
