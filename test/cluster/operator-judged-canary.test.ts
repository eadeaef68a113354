/** Canaries on a real API server that are judged by a real ledger, which their agents tell as runtimes do. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeGuards } from './operator/judged-canary/guards.ts';
import { type JudgedScene, startJudgedScene } from './operator/judged-canary/judged-scene.ts';
import { describeOperatorsInTrouble } from './operator/judged-canary/operators-in-trouble.ts';
import { describePromptsFromGit } from './operator/judged-canary/prompts-from-git.ts';
import { describeUnreadLedger } from './operator/judged-canary/unread-ledger.ts';
import { describeVerdicts } from './operator/judged-canary/verdicts.ts';

const TIMEOUT_MILLISECONDS = 240_000;

let scene: JudgedScene;

beforeAll(async () => {
  scene = await startJudgedScene();
});

afterAll(async () => {
  await scene.stop();
});

// Each has a rollout of its own, and waits more than it works.
describe.concurrent('the outcomes of a ledger', { timeout: TIMEOUT_MILLISECONDS }, () => {
  describeVerdicts(() => scene);
});

describe.concurrent('the guards of a candidate', { timeout: TIMEOUT_MILLISECONDS }, () => {
  describeGuards(() => scene);
});

describe.concurrent('prompts that are pushed', { timeout: TIMEOUT_MILLISECONDS }, () => {
  describePromptsFromGit(() => scene);
});

describe('operators', { timeout: TIMEOUT_MILLISECONDS }, () => {
  describeOperatorsInTrouble(() => scene);
});

describe('outcomes', { timeout: TIMEOUT_MILLISECONDS }, () => {
  describeUnreadLedger(() => scene);
});
