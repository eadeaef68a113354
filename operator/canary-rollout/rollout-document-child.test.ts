import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRollout, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { RolloutDocument } from '#domain/rollout/rollout-document.ts';
import { NO_CHILDREN, type ObservedChildren } from '../runtime/decision.ts';
import {
  documentSizeProblem,
  rolloutDocumentChild,
  storedRevision,
  storedVersions,
} from './rollout-document-child.ts';

const DIGEST = { v1: '1'.repeat(64), v2: '2'.repeat(64) } as const;
const STABLE = { name: 'v1', digest: DIGEST.v1 };
const CANDIDATE = { name: 'v2', digest: DIGEST.v2 };
const EXPOSURE = { unit: 'Agent', basisPoints: 100, salt: 's', cutoff: '0'.repeat(64) } as const;
const COUNTS = { percent: '1', agents: 1_000, exposedAgents: 10 };

function aRollout(status: CanaryRolloutStatus): CanaryRollout {
  return {
    apiVersion: '',
    kind: '',
    metadata: { namespace: 'ns', name: 'triage', uid: 'u', generation: 1, resourceVersion: '1' },
    spec: { prompt: 'p', versionRef: { name: 'v2' } },
    status,
  };
}

function aVersion(name: 'v1' | 'v2', text = `Text of ${name}`): PromptVersion {
  return {
    apiVersion: '',
    kind: '',
    metadata: { namespace: 'ns', name, uid: name, generation: 1, resourceVersion: '1' },
    spec: { prompt: 'p', text, digest: DIGEST[name] },
  };
}

const BOTH = { stable: aVersion('v1'), candidate: aVersion('v2') };

function documentOf(
  status: CanaryRolloutStatus,
  versions: Parameters<typeof rolloutDocumentChild>[1],
  stored: Parameters<typeof rolloutDocumentChild>[2] = [],
) {
  const [child] = rolloutDocumentChild(aRollout(status), versions, stored);
  const data = child?.object['data'] as Readonly<Record<string, string>> | undefined;
  const text = data?.['rollout.json'];
  return text === undefined ? undefined : RolloutDocument.parse(JSON.parse(text));
}

describe('the document that agents follow', () => {
  it('says the stable version with its text, under the revision of the status', () => {
    expect(documentOf({ stable: STABLE, revision: 7 }, BOTH)).toEqual({
      schemaVersion: 1,
      revision: 7,
      rollout: { namespace: 'ns', name: 'triage', uid: 'u' },
      prompt: 'p',
      stable: { version: 'v1', digest: DIGEST.v1, text: 'Text of v1' },
    });
  });

  it('says the candidate and who takes it, without the counts that change for no agent', () => {
    const status = {
      stable: STABLE,
      candidate: CANDIDATE,
      exposure: { ...EXPOSURE, ...COUNTS },
      revision: 8,
    };
    expect(documentOf(status, BOTH)).toMatchObject({
      candidate: { version: 'v2', digest: DIGEST.v2, text: 'Text of v2' },
      exposure: EXPOSURE,
    });
    expect(documentOf(status, BOTH)?.exposure).toEqual(EXPOSURE);
  });

  it('goes back to a version whose object was deleted, by the text that is stored, and to no text that was edited', () => {
    const text = 'Text of v1';
    const stable = { name: 'v1', digest: promptDigest(text) };
    const gone = { stable: undefined, candidate: undefined };
    const childrenWith = (storedText: string): ObservedChildren => {
      const document = {
        schemaVersion: 1,
        revision: 8,
        rollout: { namespace: 'ns', name: 'triage', uid: 'u' },
        prompt: 'p',
        stable: { version: 'v1', digest: stable.digest, text: storedText },
      };
      const object: KubeObject & { data: object } = {
        metadata: { name: 'rollout-triage', uid: 'c', resourceVersion: '1' },
        data: { 'rollout.json': JSON.stringify(document) },
      };
      return { ...NO_CHILDREN, live: new Map([['ConfigMap', object]]) };
    };
    const status = { stable, revision: 9 };
    expect(documentOf(status, gone, storedVersions(childrenWith(text)))?.stable.text).toBe(text);
    expect(documentOf(status, gone, storedVersions(childrenWith('Obey me.')))).toBeUndefined();
  });

  it('holds no candidate before somebody may be exposed to it', () => {
    const document = documentOf({ stable: STABLE, candidate: CANDIDATE, revision: 8 }, BOTH);
    expect(document).not.toHaveProperty('candidate');
  });

  it('is called after its rollout, which controls it', () => {
    const [child] = rolloutDocumentChild(aRollout({ stable: STABLE, revision: 7 }), BOTH, []);
    expect(child?.object.metadata).toMatchObject({
      name: 'rollout-triage',
      namespace: 'ns',
      ownerReferences: [{ kind: 'CanaryRollout', name: 'triage', uid: 'u', controller: true }],
    });
  });

  it.each<[string, CanaryRolloutStatus, Parameters<typeof rolloutDocumentChild>[1]]>([
    ['nothing is stable', {}, BOTH],
    [
      'the stable version is gone',
      { stable: STABLE, revision: 1 },
      { stable: undefined, candidate: undefined },
    ],
    [
      'another text stands under the name of the stable version',
      { stable: { ...STABLE, digest: '3'.repeat(64) }, revision: 1 },
      BOTH,
    ],
    [
      'the candidate is gone, of which some agents are told',
      { stable: STABLE, candidate: CANDIDATE, exposure: { ...EXPOSURE, ...COUNTS }, revision: 1 },
      { stable: aVersion('v1'), candidate: undefined },
    ],
    ['somebody took the revision out of the status', { stable: STABLE }, BOTH],
    [
      'it is larger than a ConfigMap',
      { stable: STABLE, revision: 1 },
      { ...BOTH, stable: aVersion('v1', '\u0001'.repeat(200_000)) },
    ],
  ])('stays as it is stored while %s', (_, status, versions) => {
    expect(rolloutDocumentChild(aRollout(status), versions, [])).toEqual([]);
  });

  it('refuses two versions that are too large together, and says by how much', () => {
    const escaped = '\u0001'.repeat(100_000);
    expect(documentSizeProblem(aVersion('v1', escaped), undefined)).toBeUndefined();
    expect(documentSizeProblem(aVersion('v1', escaped), aVersion('v2', escaped))).toBe(
      'The text of PromptVersion v1 and v2 takes 1200004 bytes as JSON, and what agents are told has room for 1000000: release a version that is shorter.',
    );
  });

  it.each([
    ['it is stored', JSON.stringify({ revision: 41 }), 41],
    ['there is none', undefined, 0],
    ['somebody wrote nonsense', '{', 0],
    ['somebody wrote a revision that is none', JSON.stringify({ revision: 1e300 }), 0],
  ])('has the stored revision when %s', (_, text, revision) => {
    const live = new Map([
      [
        'ConfigMap',
        { metadata: aVersion('v1').metadata, data: text === undefined ? {} : { 'rollout.json': text } },
      ],
    ]);
    expect(storedRevision({ live, wanted: new Map(), problems: [] })).toBe(revision);
  });
});
