/** Conditions of any type are shown, whatever it is called. */
import { expect, it } from 'vitest';
import type { Condition } from '../api/answers.ts';
import { shownConditions } from './shown-history.ts';
import type { Visible } from './visible.ts';

const NOWHERE = { isEverywhere: false, includes: () => false };
const visible: Visible = {
  agents: { isEverywhere: true, includes: () => true },
  costs: NOWHERE,
  runs: NOWHERE,
  securityEvents: NOWHERE,
  rollouts: NOWHERE,
  models: NOWHERE,
};

it('hides what tells of costs and runs, and takes no type for a property of all objects', () => {
  const conditions = ['Ready', 'CostNormal', 'Drift', 'constructor', '__proto__'].map(
    (type) => ({ type }) as Condition,
  );
  expect(shownConditions(conditions, 'shop', visible).map(({ type }) => type)).toEqual([
    'Ready',
    'constructor',
    '__proto__',
  ]);
});
