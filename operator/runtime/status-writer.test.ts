/** The operator's part of a status that it shares with the observer. */
import { describe, expect, it } from 'vitest';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { Condition } from '#crds/conditions.ts';
import type { KindObject, KindStatus } from '#crds/kind-definition.ts';
import { writeStatus } from './status-writer.ts';

const AGENTS = { groupVersion: 'capataz.dev/v1alpha1', kind: 'Agent', plural: 'agents' } as const;
const METADATA = { name: 'triage', namespace: 'shop', uid: 'uid-1', generation: 3, resourceVersion: '7' };

function aCondition(type: string, changes: Partial<Condition> = {}): Condition {
  return {
    type,
    status: 'True',
    observedGeneration: 3,
    lastTransitionTime: '2026-11-26T10:00:00Z',
    reason: 'AsWished',
    message: 'It is so.',
    ...changes,
  };
}

function agentWith(status: KindStatus | undefined): KindObject<unknown, KindStatus> {
  const base = { apiVersion: 'capataz.dev/v1alpha1', kind: 'Agent', metadata: METADATA, spec: {} };
  return status === undefined ? base : { ...base, status };
}

/** An API server that keeps what others wrote beside what is applied. */
function serverWith(othersWrote: KindStatus): { writer: ObjectWriter; written: [string, unknown][] } {
  const written: [string, unknown][] = [];
  const answer = (verb: string) => async (_: unknown, __: unknown, status: unknown) => {
    written.push([verb, status]);
    const conditions = [...((status as KindStatus).conditions ?? []), ...(othersWrote.conditions ?? [])];
    return { metadata: { ...METADATA, resourceVersion: '8' }, status: { ...(status as object), conditions } };
  };
  const writer = {
    applyStatus: answer('apply'),
    replaceStatus: answer('replace'),
  } as unknown as ObjectWriter;
  return { writer, written };
}

const READY = { observedGeneration: 3, conditions: [aCondition('Ready')] };

describe('a status that the observer writes into as well', () => {
  it('is not written when all that is the operator’s stands there already', async () => {
    const { writer, written } = serverWith({});
    const object = agentWith({ ...READY, conditions: [...READY.conditions, aCondition('CostNormal')] });
    expect(await writeStatus(writer, AGENTS, object, READY)).toBe(false);
    expect(written).toEqual([]);
  });

  it('is written once with what is the operator’s alone, and what the observer says is left as it is', async () => {
    const { writer, written } = serverWith({ conditions: [aCondition('Drift')] });
    const object = agentWith({ observedGeneration: -1, conditions: [aCondition('Drift')] });
    expect(await writeStatus(writer, AGENTS, object, READY)).toBe(true);
    expect(written).toEqual([['apply', READY]]);
  });

  it('is cleaned of what a stranger wrote without losing what the observer says', async () => {
    const { writer, written } = serverWith({ conditions: [aCondition('Foreign'), aCondition('Drift')] });
    const object = agentWith({ ...READY, conditions: [aCondition('Foreign'), aCondition('Drift')] });
    expect(await writeStatus(writer, AGENTS, object, READY)).toBe(true);
    const replaced = { ...READY, conditions: [aCondition('Ready'), aCondition('Drift')] };
    expect(written.at(-1)).toEqual(['replace', replaced]);
  });
});
