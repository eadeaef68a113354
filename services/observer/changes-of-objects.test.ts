/** What is told of edits that no record of the ledger tells. */
import { describe, expect, it } from 'vitest';
import type { AgentSpec } from '#crds/agent.ts';
import type { ModelSpec } from '#crds/model.ts';
import { ChangesOfObjects, aspectsOfAgent, aspectsOfModel } from './changes-of-objects.ts';

const AGENT: AgentSpec = { promptRef: { name: 'triage' }, modelPolicy: { allow: [{ name: 'fast' }] } };
const MODEL: ModelSpec = { provider: 'OpenAI', model: 'gpt-5-mini', capabilities: ['Chat'] };

describe('changes of objects', () => {
  it('are each edit of what matters to cost and quality, with its time', () => {
    const changes = new ChangesOfObjects();
    changes.see('Agent shop/triage', 'uid', aspectsOfAgent(AGENT), 1);
    changes.see('Agent shop/triage', 'uid', aspectsOfAgent({ ...AGENT, limits: { steps: 3 } }), 2);
    changes.see(
      'Agent shop/triage',
      'uid',
      aspectsOfAgent({ ...AGENT, limits: { steps: 3 }, description: 'x' }),
      3,
    );
    expect(changes.of('Agent shop/triage')).toEqual([
      { atMicroseconds: 2, kind: 'agent', sentence: 'The limits of its runs were changed.' },
    ]);
  });

  it('tell of a Model its price, its endpoint and what it stands for', () => {
    const changes = new ChangesOfObjects();
    const price = { inputUsdPerMillionTokens: '1', outputUsdPerMillionTokens: '2' };
    changes.see('Model shop/fast', 'uid', aspectsOfModel('fast', MODEL), 1);
    changes.see('Model shop/fast', 'uid', aspectsOfModel('fast', { ...MODEL, price }), 2);
    changes.see('Model shop/fast', 'uid', aspectsOfModel('fast', { ...MODEL, price, model: 'gpt-6' }), 3);
    expect(changes.of('Model shop/fast').map(({ kind, sentence }) => [kind, sentence])).toEqual([
      ['price', 'The price of the Model fast was changed.'],
      ['model', 'The Model fast now stands for gpt-6 at OpenAI.'],
    ]);
  });

  it('are also seen when nobody looked while the edit was made, by what was kept in the file', () => {
    const before = new ChangesOfObjects();
    before.see('Agent shop/triage', 'uid', aspectsOfAgent(AGENT), 1);
    const after = new ChangesOfObjects(structuredClone(before.toSnapshot()));
    after.see('Agent shop/triage', 'uid', aspectsOfAgent(AGENT), 2);
    expect(after.of('Agent shop/triage')).toEqual([]);
    after.see('Agent shop/triage', 'uid', aspectsOfAgent({ ...AGENT, tools: [], image: 'own' }), 3);
    expect(after.of('Agent shop/triage').map(({ sentence }) => sentence)).toEqual(['Its image was changed.']);
  });

  it('are none of another object that has the name of one that is gone', () => {
    const changes = new ChangesOfObjects();
    changes.see('Agent shop/triage', 'uid', aspectsOfAgent(AGENT), 1);
    changes.see('Agent shop/triage', 'another', aspectsOfAgent({ ...AGENT, image: 'own' }), 2);
    expect(changes.of('Agent shop/triage')).toEqual([]);
  });

  it('are a hundred of one object at most: the newest', () => {
    const changes = new ChangesOfObjects();
    for (let at = 0; at <= 150; at += 1) {
      changes.see('Agent shop/triage', 'uid', aspectsOfAgent({ ...AGENT, image: `own:${at}` }), at);
    }
    const kept = changes.of('Agent shop/triage').map(({ atMicroseconds }) => atMicroseconds);
    expect([kept.length, kept.at(-1)]).toEqual([100, 150]);
  });
});
