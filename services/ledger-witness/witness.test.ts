import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint, withSignatures } from '#domain/transparency/checkpoint.ts';
import { encodeVerifierKey, parseVerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { TileMap } from '#domain/transparency/testing/tile-map.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import { proveConsistency, rootAtSize } from '#domain/transparency/tree-proofs.ts';
import { formatAddCheckpoint, readWitnessAnswer } from '#domain/transparency/witness-protocol.ts';
import { listen } from '#process/http/listen.ts';
import { type StartedProcess, startProcess } from '#process/testing/started-process.ts';

const LOG = signerKeyOf('capataz-ledger', 'ed25519', Buffer.alloc(32, 1));
const STRANGER = signerKeyOf('capataz-ledger', 'ed25519', Buffer.alloc(32, 2));
const ORIGIN = 'capataz-ledger/shop';
const LEAVES = Array.from({ length: 400 }, (_, index) => hashLeaf(`entry ${index}`));
const TREE = new TileMap().append(LEAVES);
const OTHER_TREE = new TileMap().append(LEAVES.with(3, hashLeaf('another')));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-witness-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function startWitness(
  more: Readonly<Record<string, string>> = { CAPATAZ_LOG_KEYS: encodeVerifierKey(LOG) },
): StartedProcess {
  return startProcess('services/ledger-witness/main.ts', {
    CAPATAZ_WITNESS_DIRECTORY: directory,
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0',
    ...more,
  });
}

async function signedAt(size: number, tree = TREE, key = LOG, origin = ORIGIN): Promise<string> {
  return signCheckpoint({ origin, size, root: await rootAtSize(size, tree.read) }, key);
}

async function requestOf(oldSize: number, size: number, tree = TREE): Promise<string> {
  const proof = await proveConsistency(oldSize, size, tree.read);
  return formatAddCheckpoint({ oldSize, proof, checkpoint: await signedAt(size, tree) });
}

async function post(port: number, body: string | Uint8Array) {
  const answer = await fetch(`http://127.0.0.1:${port}/add-checkpoint`, {
    method: 'POST',
    body: Buffer.from(body),
  });
  return {
    status: answer.status,
    contentType: answer.headers.get('content-type') ?? '',
    body: await answer.text(),
  };
}

async function keyOf(port: number) {
  const answer = await fetch(`http://127.0.0.1:${port}/key`);
  return parseVerifierKey((await answer.text()).trim());
}

async function keptBy(port: number, query = ''): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/checkpoints${query}`);
  return ((await answer.json()) as { readonly checkpoints: readonly string[] }).checkpoints;
}

describe('the witness', () => {
  it('signs what grows from what it saw last, and shows it to auditors', async () => {
    await using witness = startWitness();
    const { port } = await witness.ports();
    const key = await keyOf(port);
    for (const [oldSize, size] of [
      [0, 0],
      [0, 7],
      [7, 7],
      [7, 256],
      [256, 400],
    ] as const) {
      const checkpoint = await signedAt(size);
      const answer = readWitnessAnswer(await post(port, await requestOf(oldSize, size)), checkpoint, [key]);
      expect(answer.kind).toBe('cosigned');
      const signatures = answer.kind === 'cosigned' ? answer.signatures : [];
      const opened = openCheckpoint(withSignatures(checkpoint, signatures), {
        logs: [LOG],
        witnesses: [key],
      });
      expect(opened.cosignatures).toMatchObject([{ key: { name: 'capataz-witness' } }]);
    }
    const opened = (await keptBy(port)).map((note) =>
      openCheckpoint(note, { logs: [LOG], witnesses: [key] }),
    );
    expect(opened).toMatchObject([{ origin: ORIGIN, size: 400, cosignatures: [{}] }]);
    expect(await keptBy(port, `?origin=${ORIGIN}`)).toHaveLength(4);
  });

  it('forgets nothing it has seen because the newest checkpoint is sent again and again', async () => {
    await using witness = startWitness();
    const { port } = await witness.ports();
    for (const [oldSize, size] of [
      [0, 7],
      [7, 90],
    ] as const)
      await post(port, await requestOf(oldSize, size));
    const before = await keptBy(port, `?origin=${ORIGIN}`);
    const again = await requestOf(90, 90);
    for (let time = 0; time < 300; time += 1) expect((await post(port, again)).status).toBe(200);
    expect(await keptBy(port, `?origin=${ORIGIN}`)).toEqual(before);
  });

  it('answers what it refuses as C2SP says, and signs none of it', async () => {
    await using witness = startWitness();
    const { port, metricsPort } = await witness.ports();
    expect((await post(port, await requestOf(0, 100))).status).toBe(200);
    const proof = await proveConsistency(100, 200, TREE.read);
    const checkpoint = await signedAt(200);
    const asked = { oldSize: 100, proof, checkpoint };
    const elsewhere = signerKeyOf('elsewhere', 'ed25519', Buffer.alloc(32, 1));
    const behind = { status: 409, contentType: 'text/x.tlog.size', body: '100\n' };
    const cases: readonly [string | Uint8Array, object][] = [
      [formatAddCheckpoint({ ...asked, oldSize: 0, proof: [] }), behind],
      [formatAddCheckpoint({ ...asked, oldSize: 99 }), behind],
      [await requestOf(100, 100, OTHER_TREE), behind],
      [await requestOf(100, 200, OTHER_TREE), { status: 422 }],
      [formatAddCheckpoint({ ...asked, proof: proof.slice(1) }), { status: 422 }],
      [formatAddCheckpoint({ ...asked, oldSize: 201 }), { status: 400 }],
      [formatAddCheckpoint({ ...asked, checkpoint: await signedAt(200, TREE, STRANGER) }), { status: 403 }],
      [
        formatAddCheckpoint({ ...asked, checkpoint: await signedAt(200, TREE, elsewhere, 'elsewhere') }),
        { status: 404 },
      ],
      ['', { status: 400 }],
      ['old 100\n\nnothing', { status: 400 }],
      [Buffer.from([0xff, 0xfe, 0x00]), { status: 400 }],
      [Buffer.alloc(200_000, 'a'), { status: 413 }],
    ];
    for (const [body, answer] of cases) expect(await post(port, body)).toMatchObject(answer);
    expect(await keptBy(port, `?origin=${ORIGIN}`)).toHaveLength(1);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain('capataz_witness_checkpoints_total{outcome="inconsistent"} 2');
    expect(metrics).toContain('capataz_witness_checkpoints_total{outcome="forked"} 1');
  });

  it('lets one of many racing requests win at each size, also when two processes share the volume', async () => {
    await using one = startWitness();
    await using other = startWitness();
    const ports = [(await one.ports()).port, (await other.ports()).port];
    await post(ports[0] ?? 0, await requestOf(0, 10));
    for (let round = 0; round < 5; round += 1) {
      const from = 10 + round * 50;
      const requests = await Promise.all(
        Array.from({ length: 16 }, async (_, place) => ({
          port: ports[place % 2] ?? 0,
          body: await requestOf(from, place === 0 ? from + 50 : from + 50 - place),
        })),
      );
      const answers = await Promise.all(requests.map(({ port, body }) => post(port, body)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(15);
      const size = Number(answers.find(({ status }) => status === 409)?.body);
      if (size < from + 50) await post(ports[0] ?? 0, await requestOf(size, from + 50));
    }
    const sizes = (await keptBy(ports[1] ?? 0, `?origin=${ORIGIN}`)).map((note) =>
      Number(note.split('\n')[1]),
    );
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  });

  it('remembers after kill -9 in the middle of requests whatever it has answered with a signature', async () => {
    let signed = 0;
    for (let kill = 0; kill < 4; kill += 1) {
      await using witness = startWitness();
      const { port } = await witness.ports();
      const [note] = await keptBy(port);
      const kept = Number(note?.split('\n')[1] ?? 0);
      expect(kept).toBeGreaterThanOrEqual(signed);
      signed = kept;
      const end = setTimeout(() => witness.child.kill('SIGKILL'), 60 + 20 * kill);
      try {
        for (;;) {
          // Undefined: the connection ended under the request.
          const answer = await post(port, await requestOf(signed, signed + 1)).catch(() => undefined);
          if (answer === undefined) break;
          expect(answer.status).toBe(200);
          signed += 1;
        }
      } finally {
        clearTimeout(end);
      }
    }
    expect(signed).toBeGreaterThan(0);
  });

  it('keeps its key for itself and over restarts, and does not start over records that were changed', async () => {
    {
      await using witness = startWitness();
      await post((await witness.ports()).port, await requestOf(0, 10));
    }
    expect((await stat(join(directory, 'witness-key'))).mode & 0o777).toBe(0o600);
    const secret = (await readFile(join(directory, 'witness-key'), 'utf8')).trim();
    const [origin = ''] = await readdir(join(directory, 'origins'));
    const [file = ''] = await readdir(join(directory, 'origins', origin));
    const path = join(directory, 'origins', origin, file);
    await writeFile(path, (await readFile(path, 'utf8')).replace('\n10\n', '\n1\n'));
    await using again = startWitness();
    expect(await again.exited).toEqual([1, null]);
    const log = JSON.stringify(again.lines());
    expect(log).toContain('is not a checkpoint that capataz-witness has signed');
    expect(log).not.toContain(secret);
  });

  it('trusts the first keys that a ledger tells where it is asked to, and no other keys later', async () => {
    let told = LOG;
    const ledger = createServer((_request, response) =>
      response.end(JSON.stringify({ logs: [encodeVerifierKey(told)], witnesses: [] })),
    );
    const ledgerPort = await listen(ledger, 0, '127.0.0.1');
    const environment = { CAPATAZ_TRUST_FIRST_LOG_KEYS_FROM: `http://127.0.0.1:${ledgerPort}/v1/log-keys` };
    try {
      {
        await using witness = startWitness(environment);
        const { port } = await witness.ports();
        await witness.line(
          'these keys are trusted from now on because the ledger was the first to tell them',
        );
        expect((await post(port, await requestOf(0, 10))).status).toBe(200);
      }
      told = STRANGER;
      await using witness = startWitness(environment);
      const { port } = await witness.ports();
      const forged = formatAddCheckpoint({
        oldSize: 10,
        proof: [],
        checkpoint: await signedAt(10, TREE, STRANGER),
      });
      expect((await post(port, forged)).status).toBe(403);
      expect((await post(port, await requestOf(10, 20))).status).toBe(200);
    } finally {
      ledger.close();
      ledger.closeAllConnections();
    }
  });

  it('says at the start whose keys it needs', async () => {
    for (const environment of [{}, { CAPATAZ_LOG_KEYS: 'capataz-ledger+00000000+AAAA' }]) {
      await using witness = startWitness(environment);
      expect(await witness.exited).toEqual([2, null]);
      expect(witness.errors()).toContain('CAPATAZ_LOG_KEYS');
    }
  });
});
