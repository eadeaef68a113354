/** Asks an agent as a client would. */
import { request } from 'undici';

export interface RunAnswer {
  readonly statusCode: number;
  readonly body: {
    readonly status?: string;
    readonly output?: unknown;
    readonly costNanoUsd?: number | null;
    readonly prompt?: { readonly version: string; readonly digest: string };
    readonly error?: { readonly code: string; readonly message: string };
    readonly [field: string]: unknown;
  };
}

export async function ask(agentUrl: string, input: Record<string, unknown>): Promise<RunAnswer> {
  const { statusCode, body } = await request(`${agentUrl}/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
    // A connection each: on a kept one a client can always meet the moment in which the server ends it.
    reset: true,
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
  });
  return { statusCode, body: (await body.json()) as RunAnswer['body'] };
}

/** The client asks again when the connection itself failed, as every client of a Service must; answers are kept as they are. */
export async function askThroughRestarts(
  agentUrl: string,
  input: Record<string, unknown>,
): Promise<RunAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(agentUrl, input);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Asks without pause in `lanes` parallel lanes until stopped; returns every answer and every failed connection. */
export function askWithoutPause(
  agentUrl: string,
  lanes: number,
  input: (count: number) => Record<string, unknown>,
): {
  readonly stop: () => Promise<{
    readonly answers: readonly RunAnswer[];
    readonly failures: readonly string[];
  }>;
} {
  const stopping = new AbortController();
  let count = 0;
  const answers: RunAnswer[] = [];
  const failures: string[] = [];
  const loops = Array.from({ length: lanes }, async () => {
    // Bounded, whatever happens to the caller.
    while (!stopping.signal.aborted && count < 50_000) {
      count += 1;
      await ask(agentUrl, input(count)).then(
        (answer) => answers.push(answer),
        (error: unknown) => failures.push(String(error)),
      );
    }
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      return { answers, failures };
    },
  };
}
