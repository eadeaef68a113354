/** No amount of money is left in a record for somebody who may not see costs. */
import { expect, it } from 'vitest';
import { withoutCosts } from './without-money.ts';

it('takes out every amount, those of a round of probes as well', () => {
  const record = {
    id: 'one',
    costNanoUsd: 1,
    claimedCostNanoUsd: 1,
    spentBeforeNanoUsd: 1,
    maximumNanoUsd: 1,
    meter: { attempts: 1, costNanoUsd: 1 },
  };
  expect(withoutCosts(record)).toEqual({ id: 'one' });
});
