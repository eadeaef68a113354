import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kube-object.ts';
import { ObjectIndexes } from './object-indexes.ts';

interface Pod extends KubeObject {
  readonly agents: readonly string[];
}

const pod = (name: string, agents: readonly string[]): Pod => ({
  metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1' },
  agents,
});

describe('the indexes of a local copy', () => {
  it('find the same objects as a look at all of them would, whatever was put, changed and removed', () => {
    const change = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      agents: fc.option(fc.uniqueArray(fc.constantFrom('x', 'y', 'z')), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const indexes = new ObjectIndexes<Pod, 'agent'>({ agent: ({ agents }) => agents });
        const objects = new Map<string, Pod>();
        for (const { name, agents } of changes) {
          const previous = objects.get(name);
          const current = agents === undefined ? undefined : pod(name, agents);
          if (current === undefined) objects.delete(name);
          else objects.set(name, current);
          indexes.update(name, previous, current);
        }
        for (const value of ['x', 'y', 'z']) {
          const found = [...indexes.keys('agent', value)].toSorted();
          const expected = [...objects]
            .filter(([, { agents }]) => agents.includes(value))
            .map(([key]) => key);
          expect(found).toEqual(expected.toSorted());
        }
      }),
    );
  });

  it('remember nothing of values that no object has any more', () => {
    const indexes = new ObjectIndexes<Pod, 'agent'>({ agent: ({ agents }) => agents });
    for (let round = 0; round < 1_000; round += 1) {
      const object = pod('p', [`agent-${round}`]);
      indexes.update('p', undefined, object);
      indexes.update('p', object, undefined);
    }
    expect(indexes.size()).toBe(0);
  });
});
