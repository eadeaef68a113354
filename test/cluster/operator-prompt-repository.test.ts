/** Prompts that are followed in git: the real process, a real API server, and a real git server. */
import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { GOLDEN_SET_CONFIG_MAPS, PROMPT_REPOSITORIES } from '#operator/prompt-repository/resources.ts';
import { PROMPT_REPOSITORY_MANAGER } from '#operator/prompt-repository/run-prompt-repositories.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { type GitOrigin, type GitServer, startGitServer } from './operator/git-server.ts';
import { aPromptVersion, condition, promptText } from './operator/objects.ts';
import {
  type AnyObject,
  type OperatorProcess,
  SYSTEM_NAMESPACE,
  type World,
  eventually,
  startWorld,
} from './operator/operator-world.ts';
import { permitPromptRepositories } from './operator/prompt-repository-process.ts';

const run = promisify(execFile);
const SECRETS = { groupVersion: 'v1', kind: 'Secret', plural: 'secrets' };
const LEASES = { groupVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };
const WEBHOOK_TOKEN = 'token-of-the-webhook';
const PROMPT = 'prompts/greeter.prompt';
const GOLDEN_SET = '{"vars":{"subject":"Ana"},"assert":[{"type":"contains","value":"Ana"}]}\n';

let directory: string;
let world: World;
let server: GitServer;
let start: (name: string) => OperatorProcess;
let follower: OperatorProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-git-'));
  [world, server] = await Promise.all([startWorld(), startGitServer(directory)]);
  start = await permitPromptRepositories(world, directory);
  follower = start('prompt-repository-a');
  await Promise.all([
    world.startOperator('operator-a'),
    eventually(() => Promise.resolve(follower.port()), 60),
  ]);
});

afterAll(async () => {
  follower.kill('SIGKILL');
  await follower.exited;
  await server.stop();
  await world.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Looked at once a day, and whenever the webhook says so. */
async function follow(
  namespace: string,
  origin: GitOrigin,
  spec: AnyObject = {},
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Promise<void> {
  await world.createNamespace(namespace);
  for (const [name, stringData] of Object.entries({ hook: { token: WEBHOOK_TOKEN }, ...secrets })) {
    await world.create(SECRETS, { metadata: { namespace, name }, stringData });
  }
  await createRepository(namespace, 'prompts', { url: `${server.url}/${origin.path}`, ...spec });
}

async function createRepository(namespace: string, name: string, spec: AnyObject): Promise<void> {
  await world.create(PROMPT_REPOSITORIES, {
    metadata: { namespace, name },
    spec: { intervalSeconds: 86_400, webhook: { secretRef: { name: 'hook' } }, ...spec },
  });
}

async function knock(namespace: string, token: string, body = '{"ref":"refs/heads/main"}'): Promise<number> {
  const signature = createHmac('sha256', token).update(body).digest('hex');
  const response = await fetch(`http://127.0.0.1:${follower.port()}/v1/webhooks/${namespace}/prompts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` },
    body,
  });
  await response.text();
  return response.status;
}

/** A body that is so long. None of it is sent: whoever writes on while the answer comes may never read it. */
async function announce(namespace: string, bytes: number): Promise<number | undefined> {
  const knocking = request(`http://127.0.0.1:${follower.port()}/v1/webhooks/${namespace}/prompts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': bytes },
  });
  knocking.flushHeaders();
  const [response] = (await once(knocking, 'response')) as [IncomingMessage];
  knocking.on('error', () => undefined).destroy();
  return response.statusCode;
}

async function wake(namespace: string): Promise<void> {
  await eventually(async () => {
    expect(await knock(namespace, WEBHOOK_TOKEN)).toBe(202);
  }, 60);
}

async function repositoryIs(namespace: string, expected: AnyObject, name = 'prompts'): Promise<AnyObject> {
  return await eventually(async () => {
    const repository = await world.get(PROMPT_REPOSITORIES, namespace, name);
    expect(repository.status).toMatchObject(expected);
    return repository;
  }, 60);
}

async function isApplied(namespace: string, commit: string): Promise<AnyObject> {
  return await repositoryIs(namespace, {
    appliedCommit: commit,
    conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
  });
}

/** That commit is seen and not taken, and the other still served. Returns the condition. */
async function isRefused(
  namespace: string,
  seen: string,
  applied: string,
  reason: string,
): Promise<AnyObject> {
  const repository = await repositoryIs(namespace, {
    seenCommit: seen,
    appliedCommit: applied,
    conditions: expect.arrayContaining([expect.objectContaining({ type: 'Applied', reason })]),
  });
  return condition(repository, 'Applied');
}

async function isServed(namespace: string, greeting: string): Promise<AnyObject> {
  const digest = promptDigest(promptText(greeting));
  return await eventually(async () => {
    const rollout = await world.get(CANARY_ROLLOUTS, namespace, 'greeter');
    expect(rollout.status).toMatchObject({ phase: 'Idle', stable: { digest } });
    expect(rollout.status.candidate).toBeUndefined();
    return rollout;
  }, 60);
}

describe('a branch that is followed', () => {
  it('is released commit by commit, and a revert that is pushed goes back', async () => {
    const origin = await server.createRepository('life');
    const first = await origin.commit({
      [PROMPT]: promptText('Hello'),
      'golden-sets/greeter.jsonl': GOLDEN_SET,
    });
    await follow('life', origin);
    await world.create(CANARY_ROLLOUTS, {
      metadata: { namespace: 'life', name: 'greeter' },
      spec: { prompt: 'greeter', source: { repositoryRef: { name: 'prompts' } } },
    });
    const { status } = await isApplied('life', first);
    await isServed('life', 'Hello');
    const set = await world.get(GOLDEN_SET_CONFIG_MAPS, 'life', status.goldenSets[0].configMap);
    expect(set).toMatchObject({ immutable: true, data: { 'greeter.jsonl': GOLDEN_SET } });
    const version = await world.get(PROMPT_VERSIONS, 'life', status.prompts[0].version);
    expect(version.spec.source).toEqual({ commit: first, path: PROMPT, author: 'Ana <ana@example.com>' });

    await origin.commit({ [PROMPT]: promptText('Good day') });
    await wake('life');
    await isServed('life', 'Good day');
    await origin.git('revert', '--no-edit', 'HEAD');
    await wake('life');
    await isApplied('life', await origin.git('rev-parse', 'HEAD'));
    const { spec } = await isServed('life', 'Hello');
    // Nothing that git owns is written: the spec stays what was applied.
    expect(spec.versionRef).toBeUndefined();
    expect((await world.get(PROMPT_VERSIONS, 'life', version.metadata.name)).metadata.resourceVersion).toBe(
      version.metadata.resourceVersion,
    );
  });

  it('is taken whole or not at all: what is wrong is told by file and line, and the last good one stays', async () => {
    const origin = await server.createRepository('whole');
    const good = await origin.commit({ [PROMPT]: promptText('Hello') });
    await follow('whole', origin);
    await isApplied('whole', good);
    const bad = await origin.commit({
      [PROMPT]: promptText('Good day'),
      'prompts/other.prompt': 'A line\n{{#if}\n',
      'golden-sets/greeter.jsonl': `${GOLDEN_SET}{"vars":{},"assert":[{"type":"no-such-check"}]}\n`,
    });
    await wake('whole');
    const { message } = await isRefused('whole', bad, good, 'ProblemsFound');
    expect(message).toContain('golden-sets/greeter.jsonl:2: ');
    const { status } = await world.get(PROMPT_REPOSITORIES, 'whole', 'prompts');
    expect(status.problems).toMatchObject([
      { path: 'golden-sets/greeter.jsonl', line: 2 },
      { path: 'prompts/other.prompt', line: 2 },
    ]);
    expect(await world.list(PROMPT_VERSIONS, 'whole')).toHaveLength(1);
    const mended = await origin.commit({
      'prompts/other.prompt': 'A line\n',
      'golden-sets/greeter.jsonl': GOLDEN_SET,
    });
    await wake('whole');
    expect((await isApplied('whole', mended)).status.problems).toBeUndefined();
    expect(await world.list(PROMPT_VERSIONS, 'whole')).toHaveLength(3);
  });

  it('gets a sentence for each thing that is no plain file, and is too large as a whole', async () => {
    const origin = await server.createRepository('odd');
    const good = await origin.commit({ [PROMPT]: promptText('Hello') });
    await follow('odd', origin);
    await isApplied('odd', good);
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 1\n';
    const blob = await origin.git('hash-object', '-w', PROMPT);
    const entries = [
      ['160000', good, 'prompts/module'],
      ['120000', blob, 'prompts/link.prompt'],
      ['100644', blob, 'prompts/a\tb.prompt'],
    ];
    for (const words of entries) await origin.git('update-index', '--add', '--cacheinfo', words.join(','));
    await origin.git('commit', '--quiet', '--message', 'Odd entries');
    const odd = await origin.git('rev-parse', 'HEAD');
    await wake('odd');
    await isRefused('odd', odd, good, 'ProblemsFound');
    const { status } = await world.get(PROMPT_REPOSITORIES, 'odd', 'prompts');
    expect(status.problems.map(({ message }: AnyObject) => message)).toEqual([
      expect.stringContaining('control characters'),
      expect.stringContaining('symbolic link'),
      expect.stringContaining('submodule'),
    ]);
    await origin.git('reset', '--quiet', '--hard', good);
    const texts = await origin.commit({
      'prompts/lfs.prompt': pointer,
      'prompts/wide.prompt': Buffer.from('\uFEFFHi', 'utf16le'),
    });
    await wake('odd');
    await isRefused('odd', texts, good, 'ProblemsFound');
    const told = (await world.get(PROMPT_REPOSITORIES, 'odd', 'prompts')).status.problems;
    expect(told.map(({ message }: AnyObject) => message)).toEqual([
      expect.stringContaining('LFS'),
      expect.stringContaining('UTF-16'),
    ]);
    // Not even a file that is not asked for may fill the disk.
    await origin.commit({ 'video.bin': randomBytes(2_000_000) });
    await wake('odd');
    const { status: large } = await repositoryIs('odd', {
      appliedCommit: good,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Fetched', reason: 'TooLarge' })]),
    });
    expect(large.prompts).toHaveLength(1);
  });

  it('that is forced elsewhere is followed or refused, as the spec says', async () => {
    const origin = await server.createRepository('forced');
    await origin.commit({ [PROMPT]: promptText('Hi') });
    const applied = await origin.commit({ [PROMPT]: promptText('Hello') });
    await follow('forced', origin, { onForcePush: 'Refuse' });
    await isApplied('forced', applied);
    const forced = await origin.commit({ [PROMPT]: promptText('Good day') }, '--amend');
    await wake('forced');
    await isRefused('forced', forced, applied, 'HistoryRewritten');
    await world.patch(PROMPT_REPOSITORIES, 'forced', 'prompts', { spec: { onForcePush: 'Follow' } });
    const { status } = await isApplied('forced', forced);
    expect(status.prompts[0].digest).toBe(promptDigest(promptText('Good day')));
  });

  it('stays served while its server is gone, and is followed again when that is back', async () => {
    const origin = await server.createRepository('gone');
    const first = await origin.commit({ [PROMPT]: promptText('Hello') });
    await follow('gone', origin);
    await isApplied('gone', first);
    const second = await origin.commit({ [PROMPT]: promptText('Good day') });
    server.isDown = true;
    try {
      await wake('gone');
      const { status } = await repositoryIs('gone', {
        appliedCommit: first,
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Fetched', status: 'False', reason: 'Unreachable' }),
        ]),
      });
      expect(condition({ status }, 'Ready').message).toContain('stays wanted');
    } finally {
      server.isDown = false;
    }
    // Nobody need say so: it is tried again by itself.
    await isApplied('gone', second);
  });
});

describe('who may push', () => {
  it('is whoever holds one of the keys, of OpenPGP or of ssh', async () => {
    const home = await mkdtemp(join(directory, 'g-'));
    const gpg = async (...words: readonly string[]): Promise<string> =>
      (await run('gpg', ['--homedir', home, '--batch', '--quiet', ...words])).stdout;
    try {
      for (const who of ['ours@example.com', 'theirs@example.com']) {
        await gpg('--passphrase', '', '--quick-generate-key', who, 'ed25519', 'sign', 'never');
      }
      const keyPath = join(directory, 'ssh-key');
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyPath]);
      const keys = {
        'public-keys.asc': await gpg('--armor', '--export', 'ours@example.com'),
        allowed_signers: `ana@example.com ${await readFile(`${keyPath}.pub`, 'utf8')}`,
      };
      const origin = await server.createRepository('signed');
      const program = join(directory, 'gpg.sh');
      await writeFile(program, `#!/bin/sh\nexec gpg --homedir '${home}' "$@"\n`, { mode: 0o700 });
      await origin.git('config', 'gpg.program', program);
      const good = await origin.commit({ [PROMPT]: promptText('Hello') }, '-Sours@example.com');
      const signatures = { policy: 'RequireGood', keysFrom: { secretRef: { name: 'keys' } } };
      await follow('signed', origin, { signatures }, { keys });
      await isApplied('signed', good);
      const theirs = await origin.commit({ [PROMPT]: promptText('Boo') }, '-Stheirs@example.com');
      await wake('signed');
      await isRefused('signed', theirs, good, 'SignatureRefused');
      const nobody = await origin.commit({ [PROMPT]: promptText('Boo again') });
      await wake('signed');
      await isRefused('signed', nobody, good, 'SignatureMissing');
      await origin.git('config', 'gpg.format', 'ssh');
      const ssh = await origin.commit({ [PROMPT]: promptText('Good day') }, `-S${keyPath}`);
      await wake('signed');
      const { status } = await isApplied('signed', ssh);
      expect(status.prompts[0].digest).toBe(promptDigest(promptText('Good day')));
    } finally {
      await run('gpgconf', ['--homedir', home, '--kill', 'all']).catch(() => undefined);
    }
  });
});

describe('what is secret', () => {
  it('opens the server, and stands in no message, no log and on no disk', async () => {
    const origin = await server.createRepository('secret');
    const commit = await origin.commit({ [PROMPT]: promptText('Hello') });
    const wrong = 'a-wrong-password';
    const spec = { url: `${server.secureUrl}/${origin.path}`, secretRef: { name: 'git' } };
    const secret = { username: 'capataz', password: wrong, 'ca.crt': server.certificateAuthority };
    await follow('secret', origin, spec, { git: secret });
    const refused = await repositoryIs('secret', {
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Fetched', status: 'False', reason: 'AccessDenied' }),
      ]),
    });
    await world.patch(SECRETS, 'secret', 'git', { stringData: { password: server.password } });
    await wake('secret');
    const taken = await isApplied('secret', commit);
    const told = JSON.stringify([refused, taken, follower.logs]);
    for (const password of [wrong, server.password]) {
      expect(told).not.toContain(JSON.stringify(password).slice(1, -1));
      expect(told).not.toContain(Buffer.from(`capataz:${password}`).toString('base64'));
    }
    // The folder of the test is that of the credentials too: each is gone when its look has ended.
    expect((await readdir(directory)).filter((name) => name.startsWith('git-'))).toEqual([]);
  });

  it('is asked of whoever wakes it: a wrong signature and a body that is too long are refused', async () => {
    const origin = await server.createRepository('webhook');
    const first = await origin.commit({ [PROMPT]: promptText('Hello') });
    await follow('webhook', origin);
    await isApplied('webhook', first);
    const second = await origin.commit({ [PROMPT]: promptText('Good day') });
    expect(await knock('webhook', 'another token')).toBe(401);
    expect(await knock('nowhere', WEBHOOK_TOKEN)).toBe(401);
    expect(await announce('webhook', 5_000_000)).toBe(413);
    expect((await world.get(PROMPT_REPOSITORIES, 'webhook', 'prompts')).status.seenCommit).toBe(first);
    await wake('webhook');
    await isApplied('webhook', second);
  });
});

describe('the server of the repository', () => {
  it.each([
    [
      'GitHub',
      (path: string, commit: string) => `/repos/${path}/statuses/${commit}`,
      'authorization',
      'Bearer ',
    ],
    [
      'Gitea',
      (path: string, commit: string) => `/repos/${path}/statuses/${commit}`,
      'authorization',
      'token ',
    ],
    ['GitLab', (path: string, commit: string) => `/projects/${path}/statuses/${commit}`, 'private-token', ''],
  ])('of %s is told at the commit whether it was taken, once', async (api, pathOf, header, scheme) => {
    const told: { path: string; headers: IncomingHttpHeaders; body: AnyObject }[] = [];
    const forge = createServer((request, response) => {
      let text = '';
      request.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      request.on('end', () => {
        told.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
        response.writeHead(201).end('{}');
      });
    });
    await new Promise<void>((resolve) => {
      forge.listen(0, '127.0.0.1', resolve);
    });
    try {
      const namespace = `status-${api.toLowerCase()}`;
      const origin = await server.createRepository(namespace);
      const good = await origin.commit({ [PROMPT]: promptText('Hello') });
      const endpoint = `http://127.0.0.1:${(forge.address() as AddressInfo).port}`;
      const commitStatus = { api, endpoint, secretRef: { name: 'forge' } };
      await follow(namespace, origin, { commitStatus }, { forge: { token: 'forge-token' } });
      await repositoryIs(namespace, { appliedCommit: good, reportedCommit: good, reportedState: 'Success' });
      const bad = await origin.commit({ [PROMPT]: `{{#if}${'x'.repeat(400)}` });
      await wake(namespace);
      await repositoryIs(namespace, { appliedCommit: good, reportedCommit: bad, reportedState: 'Failure' });
      const path = origin.path.replace('.git', '');
      expect(told.map((one) => one.path)).toEqual([pathOf(path, good), pathOf(path, bad)]);
      const name = api === 'GitLab' ? 'name' : 'context';
      const failed = api === 'GitLab' ? 'failed' : 'failure';
      expect(told.map(({ body }) => [body.state, body[name]])).toEqual([
        ['success', `capataz/${namespace}/prompts`],
        [failed, `capataz/${namespace}/prompts`],
      ]);
      expect(told[1]?.body.description).toContain(PROMPT);
      expect(told[1]?.body.description.length).toBeLessThanOrEqual(140);
      expect(told.map(({ headers }) => headers[header])).toEqual(
        Array.from({ length: 2 }, () => `${scheme}forge-token`),
      );
    } finally {
      forge.closeAllConnections();
      forge.close();
    }
  });
});

describe('what others made', () => {
  it('is left as it is: a version that a person applied, and one that another repository gives too', async () => {
    const origin = await server.createRepository('shared');
    const commit = await origin.commit({ [PROMPT]: promptText('Hello') });
    await world.createNamespace('shared');
    await world.create(SECRETS, {
      metadata: { namespace: 'shared', name: 'hook' },
      stringData: { token: WEBHOOK_TOKEN },
    });
    const { metadata } = await world.create(PROMPT_VERSIONS, aPromptVersion('shared', 'Hello'));
    const url = `${server.url}/${origin.path}`;
    for (const name of ['prompts', 'others']) await createRepository('shared', name, { url });
    for (const name of ['prompts', 'others']) await repositoryIs('shared', { appliedCommit: commit }, name);
    const read = async (): Promise<AnyObject> =>
      (await world.get(PROMPT_VERSIONS, 'shared', metadata.name)).metadata;
    const ownersOf = ({ managedFields, labels }: AnyObject): unknown => [
      managedFields.filter((one: AnyObject) => one.subresource === undefined),
      labels,
    ];
    expect(ownersOf(await read())).toEqual(ownersOf(metadata));
    for (const name of ['prompts', 'others']) await world.remove(PROMPT_REPOSITORIES, 'shared', name);
    expect(ownersOf(await read())).toEqual(ownersOf(metadata));
  });
});

describe('a process that is killed', () => {
  it('leaves nothing that stops the next one', async () => {
    const origin = await server.createRepository('killed');
    const first = await origin.commit({ [PROMPT]: promptText('Hello') });
    await follow('killed', origin);
    await isApplied('killed', first);
    follower.kill('SIGKILL');
    await follower.exited;
    // Its lease would run out by itself; that is the matter of other tests, and takes long.
    await world.remove(LEASES, SYSTEM_NAMESPACE, PROMPT_REPOSITORY_MANAGER);
    const second = await origin.commit({ [PROMPT]: promptText('Good day') });
    follower = start('prompt-repository-b');
    await eventually(() => Promise.resolve(follower.port()), 60);
    const { status } = await isApplied('killed', second);
    expect(status.prompts[0].digest).toBe(promptDigest(promptText('Good day')));
  });
});
