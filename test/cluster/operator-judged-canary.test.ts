/** Canaries on a real API server that are judged by a real ledger, which their agents tell as runtimes do. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeGuards } from './operator/judged-canary/guards.ts';
import { type JudgedScene, startJudgedScene } from './operator/judged-canary/judged-scene.ts';
import { describeVerdicts } from './operator/judged-canary/verdicts.ts';

let scene: JudgedScene;

beforeAll(async () => {
  scene = await startJudgedScene();
});

afterAll(async () => {
  await scene.stop();
});

// Each has a rollout of its own, and waits more than it works.
describe.concurrent('the outcomes of a ledger', () => {
  describeVerdicts(() => scene);
});

describe.concurrent('the guards of a candidate', () => {
  describeGuards(() => scene);
});
