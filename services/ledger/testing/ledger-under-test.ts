/** A ledger in the test's own process, with its real store, in front of a Kubernetes that says what the test says. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import type { AccessAnswer, AccessQuestion } from '#adapters/kubernetes/access-reviewer.ts';
import type { TokenReviewResult, UserIdentity } from '#adapters/kubernetes/token-reviewer.ts';
import { type SignerKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { Drain } from '#process/drain.ts';
import { createLogger } from '#telemetry/logger.ts';
import { assembleLedger } from '../assemble-ledger.ts';
import { tokenIdentity } from '../caller-identity.ts';
import type { LogKeeper } from '../checkpoints/log-keeper.ts';
import type { WitnessClient } from '../checkpoints/witness-client.ts';
import { openTextKeys } from '../key-files.ts';
import { Leader } from '../leader.ts';
import { GROUP_COMMIT_DEFAULTS, GroupCommit } from '../store/group-commit.ts';
import type { LedgerStore } from '../store/ledger-store.ts';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.ts';
import { createTextVault } from '../texts/text-vault.ts';
import type { WriteGate } from '../write-gate.ts';

export interface LedgerUnderTestOptions {
  readonly witness?: WitnessClient;
  readonly acceptedLosses?: ReadonlyMap<string, number>;
  /** Of the signing key. */
  readonly seed?: Uint8Array;
  /** Of a database that is there already. */
  readonly path?: string;
}

export interface LedgerUnderTest extends AsyncDisposable {
  readonly url: string;
  readonly store: LedgerStore;
  readonly gate: WriteGate;
  readonly logs: LogKeeper;
  readonly signingKey: SignerKey;
  readonly drain: Drain;
  /** `append`: the next appends fail with it; undefined: no more. */
  readonly faults: { append: Error | undefined };
  /** `verb subresource namespace`, with `*` for all namespaces; by user name. */
  readonly rights: Map<string, Set<string>>;
  isApiServerAway: boolean;
  /** Reviews of tokens wait for it. */
  reviews: Promise<void>;
  /** Questions for rights wait for it. */
  rightsReviews: Promise<void>;
  /** How many reviews were begun. */
  reviewsBegun: number;
  readonly connections: () => Promise<number>;
  readonly images: Map<string, 'ours' | 'own'>;
  readonly request: (
    method: string,
    path: string,
    options?: {
      readonly token?: string | undefined;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) => Promise<LedgerAnswer>;
}

export interface LedgerAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds, and tests read them freely.
  readonly body: any;
}

export const ROUTER = 'router';
export const TRIAGE = 'triage';
export const OTHER_AGENT = 'other-agent';
export const FOURTH_AGENT = 'fourth-agent';
export const OWN_IMAGE = 'own-image';
export const READER = 'reader';
export const STRANGER = 'stranger';

const IDENTITIES: Readonly<Record<string, UserIdentity>> = {
  [ROUTER]: serviceAccount('capataz-system', 'capataz-router', 'capataz-router-1'),
  [TRIAGE]: serviceAccount('shop', 'agent-triage', 'agent-triage-7d-x'),
  [OTHER_AGENT]: serviceAccount('shop', 'agent-other', 'agent-other-7d-x'),
  [OWN_IMAGE]: serviceAccount('shop', 'agent-own', 'agent-own-7d-x'),
  [FOURTH_AGENT]: serviceAccount('shop', 'agent-fourth', 'agent-fourth-7d-x'),
  'triage-by-hand': serviceAccount('shop', 'agent-triage'),
  [READER]: { user: { username: 'ana', groups: [], extra: {} } },
  [STRANGER]: serviceAccount('shop', 'default', 'default-1'),
};

function serviceAccount(namespace: string, name: string, podName?: string): UserIdentity {
  return {
    user: { username: `system:serviceaccount:${namespace}:${name}`, groups: [], extra: {} },
    serviceAccount: { namespace, serviceAccount: name, ...(podName === undefined ? {} : { podName }) },
  };
}

export async function startLedgerUnderTest(options: LedgerUnderTestOptions = {}): Promise<LedgerUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'capataz-ledger-'));
  const store = await openSqliteStore({
    path: options.path ?? join(directory, 'ledger.sqlite'),
    onFailure: (error) => {
      throw error;
    },
  });
  const drain = new Drain();
  const faults: { append: Error | undefined } = { append: undefined };
  const nowMicroseconds = (): number => Date.now() * 1000;
  const commits = new GroupCommit({
    append: async (batch, receivedAtMicroseconds) => {
      // The first records may be the ledger's own, before it is handed to the test.
      if (faults.append !== undefined) throw faults.append;
      return await store.append(batch, receivedAtMicroseconds);
    },
    nowMicroseconds,
    ...GROUP_COMMIT_DEFAULTS,
  });
  const textKeys = await openTextKeys(join(directory, 'text-keys'), true);
  const signingKey = signerKeyOf('test-ledger', 'ed25519', options.seed ?? new Uint8Array(32));
  const leader = new Leader(store, createLogger('ledger', 'silent'));
  await leader.ask();
  const { app, gate, logs, acceptLosses, heedLosses } = assembleLedger({
    store,
    leader,
    commits,
    vault: createTextVault({
      store,
      keyEncryptionKeys: textKeys.keys,
      randomBytes: (count) => randomBytes(count),
      nowMicroseconds,
    }),
    signingKey,
    witness: options.witness,
    identity: () =>
      tokenIdentity({
        review: async (token): Promise<TokenReviewResult<UserIdentity>> => {
          ledger.reviewsBegun += 1;
          await ledger.reviews;
          const identity = IDENTITIES[token];
          if (ledger.isApiServerAway) return { ok: false, reason: 'unavailable' };
          return identity === undefined ? { ok: false, reason: 'notAuthenticated' } : { ok: true, identity };
        },
      }),
    access: {
      review: async ({ username }, question): Promise<AccessAnswer> => {
        await ledger.rightsReviews;
        if (ledger.isApiServerAway) return 'unavailable';
        const rights = ledger.rights.get(username) ?? new Set();
        return questionsOf(question).some((each) => rights.has(each)) ? 'allowed' : 'denied';
      },
    },
    agentImages: {
      ofAgent: async (namespace, name) =>
        ledger.isApiServerAway ? 'unknown' : (ledger.images.get(`${namespace}/${name}`) ?? 'none'),
    },
    settings: {
      podName: 'ledger-0',
      platformWriters: new Map([['capataz-system/capataz-router', 'router']]),
      acceptedLosses: options.acceptedLosses ?? new Map(),
      retentionDays: 200,
      checkpointSeconds: 0.05,
    },
    registry: new Registry(),
    logger: createLogger('ledger', 'silent'),
    drain,
    newId: () => randomUUID(),
    randomBytes: (count) => randomBytes(count),
    nowMicroseconds,
    nowMilliseconds: () => performance.now(),
    sourceGaps: () => 0,
  });
  const running = new AbortController();
  await acceptLosses();
  await heedLosses();
  await logs.turn(running.signal);
  const loop = logs.run(running.signal);
  await app.ready();
  app.server.listen({ port: 0, host: '127.0.0.1' });
  await once(app.server, 'listening');
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const ledger: LedgerUnderTest = {
    url,
    store,
    gate,
    logs,
    signingKey,
    drain,
    faults,
    rights: new Map(),
    isApiServerAway: false,
    reviews: Promise.resolve(),
    rightsReviews: Promise.resolve(),
    reviewsBegun: 0,
    connections: promisify(app.server.getConnections.bind(app.server)),
    images: new Map([
      ['shop/triage', 'ours'],
      ['shop/other', 'ours'],
      ['shop/fourth', 'ours'],
      ['shop/own', 'own'],
    ]),
    request: async (method, path, { token = READER, body, headers = {} } = {}) => {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text,
      };
    },
    [Symbol.asyncDispose]: async () => {
      drain.end();
      app.server.closeAllConnections();
      await app.close();
      running.abort();
      await loop;
      await commits[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
  return ledger;
}

/** A right in all namespaces is one in each. */
function questionsOf({ verb, subresource, namespace }: AccessQuestion): readonly string[] {
  const everywhere = `${verb} ${subresource} *`;
  return namespace === undefined ? [everywhere] : [everywhere, `${verb} ${subresource} ${namespace}`];
}
