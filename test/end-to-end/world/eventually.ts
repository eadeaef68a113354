import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `attempt` until it does not throw, and says what it waited for and why it failed when time is up. */
export async function eventually<Value>(
  what: string,
  attempt: () => Promise<Value>,
  timeoutSeconds = 60,
  intervalMilliseconds = 200,
): Promise<Value> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`Waited ${timeoutSeconds} s until ${what}.`, { cause: error });
      }
    }
    await sleep(intervalMilliseconds);
  }
}
