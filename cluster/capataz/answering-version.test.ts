import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOtherVersion, readOwnVersion } from './answering-version.ts';

const OWN = 'email-classifier-052de0d951df';
const PUSHED = 'email-classifier-4c9d3f7adf3c';
const failedBy = (version: string) => ({ status: 422, answer: { status: 'failed', prompt: { version } } });

describe('the first question of a node to which somebody has pushed', () => {
  it('is no fault of the node where a version that was pushed failed, be it a candidate or stable by now', () => {
    expect(findOtherVersion(failedBy(PUSHED), OWN, [])).toBe(PUSHED);
  });

  it('is a fault of the node where the prompt of the checkout failed, whatever is being released', () => {
    expect(findOtherVersion(failedBy(OWN), OWN, [OWN, PUSHED])).toBeUndefined();
  });

  it('is no fault of the node where a version that was pushed may want other variables', () => {
    const refused = { status: 400, answer: { error: { code: 'variables_invalid' } } };
    expect(findOtherVersion(refused, OWN, [OWN, PUSHED])).toBe(PUSHED);
    expect(findOtherVersion(refused, OWN, [OWN])).toBeUndefined();
  });

  it('is a fault of the node where nobody says what failed', () => {
    const answers = ['upstream connect error', null, {}, { prompt: null }, { prompt: { version: 7 } }];
    for (const answer of answers) {
      expect(findOtherVersion({ status: 503, answer }, OWN, [OWN, PUSHED])).toBeUndefined();
    }
  });
});

it('The version of the checkout is the one that its samples name.', async () => {
  expect(await readOwnVersion(resolve(import.meta.dirname, '../..'))).toMatch(
    /^email-classifier-[a-f0-9]{12}$/,
  );
});
