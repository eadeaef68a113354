/** Flux, Argo CD and whoever else reads objects with kstatus sees ours right, in every state that the operator writes. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KINDS } from '#crds/kinds.ts';
import { GO_BUILD_TIMEOUT_MS } from '../go-modules/go-binary.ts';
import { kstatusOf } from '../kstatus/kstatus.ts';
import { type ApiServer, startApiServerWithKinds } from './api-server.ts';
import { SAMPLES } from './sample-objects.ts';

const ROOT = join(import.meta.dirname, '../..');

interface GoldenState {
  readonly path: string;
  readonly kind: string;
  readonly object: unknown;
  /** What the file says that kstatus must say. */
  readonly expected: string;
}

const GOLDEN_STATES: readonly GoldenState[] = globSync('operator/*/golden/states/*.yaml', { cwd: ROOT })
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const object = parse(text) as { readonly kind: string };
    return { path, kind: object.kind, object, expected: /^# kstatus: (\w+)$/m.exec(text)?.[1] ?? '' };
  });

describe('kstatus', { timeout: GO_BUILD_TIMEOUT_MS }, () => {
  it('says of each golden state what the file expects', async () => {
    const verdicts = await kstatusOf(GOLDEN_STATES.map(({ object }) => object));
    const said = GOLDEN_STATES.map(({ path }, index) => `${path}: ${verdicts[index]}`);
    expect(said).toEqual(GOLDEN_STATES.map(({ path, expected }) => `${path}: ${expected}`));
  });

  it.each(KINDS.map(({ kind }) => [kind]))('is shown %s ready, on its way, and broken for good', (kind) => {
    const shown = GOLDEN_STATES.filter((state) => state.kind === kind).map(({ expected }) => expected);
    expect([...new Set(shown)].toSorted()).toEqual(['Current', 'Failed', 'InProgress']);
  });
});

describe('an object in a real API server that no operator has looked at', () => {
  let apiServer: ApiServer;
  beforeAll(async () => {
    apiServer = await startApiServerWithKinds();
  });
  afterAll(async () => {
    await apiServer.stop();
  });

  it('is in progress, whatever its kind', { timeout: GO_BUILD_TIMEOUT_MS }, async () => {
    const objects: unknown[] = [];
    for (const object of Object.values(SAMPLES)) {
      const plural = KINDS.find(({ kind }) => kind === object.kind)?.plural;
      const path = `/apis/capataz.dev/v1alpha1/namespaces/default/${plural}`;
      const { message } = await apiServer.request('POST', path, object);
      expect(message).toBe('');
      objects.push((await apiServer.request('GET', `${path}/${object.metadata.name}`)).body);
    }
    expect(await kstatusOf(objects)).toEqual(objects.map(() => 'InProgress'));
  });
});
