import { describe, expect, it } from 'vitest';
import type { RoutableAgent, RoutableModel } from '#domain/routing/routable-model.ts';
import { namesCurrentObjects } from './start-router.ts';

describe('namesCurrentObjects', () => {
  const snapshot = {
    agents: new Map([['shop/triage', { namespace: 'shop', name: 'triage' } as RoutableAgent]]),
    models: new Map([['shop/main', {} as RoutableModel]]),
  };

  it.each([
    [{}, true],
    [{ outcome: 'cached' }, true],
    [{ namespace: 'shop', agent: 'triage' }, true],
    [{ namespace: 'shop', agent: 'gone' }, false],
    [{ namespace: 'shop', model: 'main' }, true],
    [{ namespace: 'shop', model: 'gone' }, false],
    [{ namespace: 'shop', agent: 'triage', model: 'gone' }, false],
    [{ namespace: 'shop', gen_ai_request_model: 'gone' }, false],
    [{ namespace: 'shop', gen_ai_operation_name: 'chat' }, true],
    [{ namespace: 'left', gen_ai_operation_name: 'chat' }, false],
  ])('keeps the series %j: %s', (labels, isKept) => {
    expect(namesCurrentObjects(labels as unknown as Record<string, string>, snapshot)).toBe(isKept);
  });
});
