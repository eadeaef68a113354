/** What cannot be seen in a real API server: how often the applier writes, and with what precondition. */
import { describe, expect, it } from 'vitest';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject, ObjectWriter, Precondition } from '#adapters/kubernetes/object-writer.ts';
import { createChildApplier } from './child-applier.ts';

const SERVICES = { groupVersion: 'v1', kind: 'Service', plural: 'services' };
const APPLIED = { manager: 'us', operation: 'Apply', fieldsV1: {} };

/** A server that writes amounts its own way ("1000m" becomes "1"), as the real one does. */
class FakeStore {
  live: (KubeObject & { readonly amount?: string }) | undefined;
  readonly writes: string[] = [];
  readonly preconditions: Precondition[] = [];
  refusal: KubeApiError | undefined;
  #version = 0;

  #store(verb: string, desired: DesiredObject): KubeObject {
    if (this.refusal !== undefined) throw this.refusal;
    this.writes.push(verb);
    this.#version += 1;
    const amount = String(desired['amount']) === '1000m' ? '1' : String(desired['amount']);
    const metadata = {
      ...desired.metadata,
      uid: 'u',
      resourceVersion: String(this.#version),
      managedFields: [APPLIED],
    };
    this.live = { amount, metadata } as KubeObject & { amount: string };
    return this.live;
  }

  readonly writer = {
    create: (_: unknown, desired: DesiredObject) => Promise.resolve(this.#store('create', desired)),
    apply: (_: unknown, desired: DesiredObject, precondition: Precondition) => {
      this.preconditions.push({ uid: precondition.uid, resourceVersion: precondition.resourceVersion });
      return Promise.resolve(this.#store('apply', desired));
    },
  } as unknown as ObjectWriter;
}

function setUp(nowMilliseconds = (): number => 0) {
  const store = new FakeStore();
  const applier = createChildApplier({
    kubeClient: { request: () => Promise.reject(new Error('not asked')) },
    writer: store.writer,
    fieldManager: 'us',
    tolerance: { isTolerated: () => false, withTolerated: ({ object }) => object },
    nowMilliseconds,
  });
  const bring = async (amount = '2') =>
    await applier.bring(
      { resource: SERVICES, object: { metadata: { name: 'n', namespace: 'ns' }, amount } },
      store.live,
    );
  return { store, bring };
}

describe('bringing a child to what is desired', () => {
  it('creates it, then writes nothing as long as nothing differs', async () => {
    const { store, bring } = setUp();
    expect((await bring()).kind).toBe('created');
    for (let pass = 0; pass < 10; pass += 1) expect((await bring()).kind).toBe('unchanged');
    expect(store.writes).toEqual(['create']);
  });

  it('settles on a value that the server writes its own way, instead of writing for ever (B05)', async () => {
    const { store, bring } = setUp();
    const kinds: string[] = [];
    for (let pass = 0; pass < 10; pass += 1) kinds.push((await bring('1000m')).kind);
    // Nobody edited it, so nothing is told as a repair either.
    expect(kinds).toEqual(['created', ...Array.from({ length: 9 }, () => 'unchanged')]);
    expect(store.writes).toEqual(['create']);
    Object.assign(store.live as object, { amount: '7' });
    expect((await bring('1000m')).kind).toBe('repaired');
    expect(store.writes).toEqual(['create', 'apply']);
  });

  it('tells a change of mind from a repair, and writes on exactly what it saw (B06)', async () => {
    const { store, bring } = setUp();
    await bring('2');
    expect((await bring('3')).kind).toBe('updated');
    Object.assign(store.live as object, { amount: 'edited' });
    expect((await bring('3')).kind).toBe('repaired');
    store.live = undefined;
    expect((await bring('3')).kind).toBe('repaired');
    expect(store.preconditions).toEqual([
      { uid: 'u', resourceVersion: '1' },
      { uid: 'u', resourceVersion: '2' },
    ]);
  });

  it('stops fighting over one field after five repairs in a minute, and goes on later', async () => {
    let now = 0;
    const { store, bring } = setUp(() => now);
    await bring();
    const kinds: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      Object.assign(store.live as object, { amount: 'edited' });
      kinds.push((await bring()).kind);
    }
    expect(kinds).toEqual([
      ...Array.from({ length: 5 }, () => 'repaired'),
      'contested',
      'contested',
      'contested',
    ]);
    now = 61_000;
    expect((await bring()).kind).toBe('repaired');
  });

  it('says what the server does not take, and throws what may pass', async () => {
    const { store, bring } = setUp();
    store.refusal = new KubeApiError('exceeded quota', 403, 'Forbidden', undefined);
    expect(await bring()).toEqual({ kind: 'refused', message: 'exceeded quota', isInvalid: false });
    store.refusal = new KubeApiError('taken', 409, 'AlreadyExists', undefined);
    await expect(bring()).rejects.toMatchObject({ status: 409 });
  });

  it('leaves alone what is on its way out', async () => {
    const { store, bring } = setUp();
    await bring();
    Object.assign(store.live?.metadata as object, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect((await bring('9')).kind).toBe('unchanged');
    expect(store.writes).toEqual(['create']);
  });
});
