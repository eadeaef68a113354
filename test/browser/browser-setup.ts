/** Runs once before the browser suite: fetches what is missing, and starts the one world that all its files share. */
import { createServer } from 'node:http';
import type { TestProject } from 'vitest/node';
import { listen } from '#process/http/listen.ts';
import { launchChromium } from './chromium/launch-chromium.ts';
import { type Sessions, logInEverybody } from './visits/logged-in.ts';
import { startBrowserWorld } from './world/browser-world.ts';
import type { ConsoleProcess } from './world/watching-processes.ts';
import type { PersonName } from './world/people.ts';

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
  readonly consoleUrl: string;
  /** `POST /kill` and `POST /start`: answered when the console is so. */
  readonly consoleControlUrl: string;
  readonly tokens: Readonly<Record<PersonName, string>>;
  /** Cookies of each, logged in. */
  readonly sessions: Sessions;
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using begun = new AsyncDisposableStack();
  // First, for it may have to be fetched, and a world is no good without.
  const browser = await launchChromium();
  begun.defer(() => browser.close());
  const { world, ledger, console, tokens } = begun.use(await startBrowserWorld({ isHostile: true }));
  const control = begun.use(await startControl(console));
  project.provide('browserWorld', {
    kubeconfig: world.controlPlane.kubeconfig,
    ledgerUrl: ledger.url,
    consoleUrl: console.url,
    consoleControlUrl: control.url,
    tokens,
    sessions: await logInEverybody(browser, console.url, tokens),
  });
  await browser.close();
  const all = begun.move();
  return () => all.disposeAsync();
}

async function startControl(console: ConsoleProcess): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const act = request.url === '/kill' ? console.kill : console.start;
    act().then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const port = await listen(server, 0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
