/** Runs once before the browser suite: fetches what is missing, and starts the one world that all its files share. */
import type { TestProject } from 'vitest/node';
import { ensureChromium } from './chromium/chromium-program.ts';
import { startBrowserWorld } from './world/browser-world.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly browserWorld: SharedWorld;
  }
}

/** What a test file is told of the world, which lives in another process. */
export interface SharedWorld {
  /** Of somebody who may do everything. */
  readonly kubeconfig: string;
  readonly ledgerUrl: string;
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureChromium();
  const world = await startBrowserWorld({ isHostile: true });
  project.provide('browserWorld', {
    kubeconfig: world.world.controlPlane.kubeconfig,
    ledgerUrl: world.ledger.url,
  });
  return async () => {
    await world[Symbol.asyncDispose]();
  };
}
