/**
 * Controller: runs passes over the objects of one kind, by key. Level-triggered: a pass gets a key, never an event,
 * and looks at the whole state. A pass that throws is tried again with a growing delay of its own key; a conflict
 * is no failure, it only means that the state has moved on. Every key comes back at least once in
 * `resyncSeconds`, so a change whose event was lost is repaired all the same.
 */
import { type BackoffLimits, backoffSeconds } from '#adapters/kubernetes/backoff.ts';
import { KubeApiError, isConflict } from '#adapters/kubernetes/kube-api-error.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { OutageGate } from './outage-gate.ts';
import type { Outcome } from './outcome.ts';
import { createWorkQueue } from './work-queue.ts';

const FAILURE_BACKOFF: BackoffLimits = { minimumSeconds: 0.5, maximumSeconds: 60 };
const CONFLICT_BACKOFF: BackoffLimits = { minimumSeconds: 0.01, maximumSeconds: 5 };
/** A pass of most kinds makes a few short requests. */
const PASS_TIMEOUT_SECONDS = 60;

export const PASS_RESULTS = ['success', 'conflict', 'failure'] as const;
export type PassResult = (typeof PASS_RESULTS)[number];

export interface ControllerOptions {
  /** Of the kind, for logs and metrics. */
  readonly name: string;
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>;
  /** Whether the object still exists: only then does its key come back by itself. */
  readonly exists: (key: string) => boolean;
  readonly workers: number;
  /** A pass that hangs must not hold its worker for ever. */
  readonly passTimeoutSeconds?: number;
  readonly resyncSeconds: number;
  readonly outageGate: OutageGate;
  readonly logger: Logger;
  readonly random: () => number;
  readonly onPass?: (result: PassResult, seconds: number) => void;
}

export interface Controller {
  readonly name: string;
  readonly enqueue: (key: string) => void;
  readonly enqueueAfter: (key: string, seconds: number) => void;
  readonly queueDepth: () => number;
  /** Works until the signal aborts; resolves when the last pass under way has ended. Runs once. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export function createController(options: ControllerOptions): Controller {
  const { name, logger, random, outageGate, passTimeoutSeconds = PASS_TIMEOUT_SECONDS } = options;
  const queue = createWorkQueue();
  const failuresByKey = new Map<string, number>();

  async function pass(key: string, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    const result = await attempt(key, signal);
    options.onPass?.(result, (performance.now() - startedAt) / 1000);
  }

  async function attempt(key: string, signal: AbortSignal): Promise<PassResult> {
    try {
      const timeout = AbortSignal.timeout(passTimeoutSeconds * 1000);
      const outcome = await options.reconcile(key, AbortSignal.any([signal, timeout]));
      failuresByKey.delete(key);
      outageGate.reportReachable();
      scheduleNext(key, outcome);
      return 'success';
    } catch (error) {
      if (signal.aborted) return 'failure';
      return recover(key, error);
    }
  }

  function scheduleNext(key: string, outcome: Outcome): void {
    if (!options.exists(key)) return;
    const resyncSeconds = options.resyncSeconds * (0.8 + 0.4 * random());
    queue.addAfter(
      key,
      outcome.kind === 'recheckAfter' ? Math.min(outcome.seconds, resyncSeconds) : resyncSeconds,
    );
  }

  function recover(key: string, error: unknown): PassResult {
    const failures = (failuresByKey.get(key) ?? 0) + 1;
    failuresByKey.set(key, failures);
    if (isConflict(error)) {
      queue.addAfter(key, backoffSeconds(failures, CONFLICT_BACKOFF, random));
      logger.debug({ controller: name, key, failures }, 'somebody else wrote first, looking again');
      return 'conflict';
    }
    if (!(error instanceof KubeApiError)) outageGate.reportUnreachable();
    const waitSeconds = backoffSeconds(failures, FAILURE_BACKOFF, random);
    queue.addAfter(key, waitSeconds);
    logger.error({ controller: name, key, failures, waitSeconds, error }, 'pass failed, trying again');
    return 'failure';
  }

  async function work(signal: AbortSignal): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      await outageGate.pass(signal);
      if (!signal.aborted) await pass(key, signal);
      queue.done(key);
    }
  }

  return {
    name,
    enqueue: queue.add,
    enqueueAfter: queue.addAfter,
    queueDepth: queue.depth,
    run: async (signal) => {
      if (signal.aborted) queue.close();
      signal.addEventListener('abort', queue.close, { once: true });
      await Promise.all(Array.from({ length: options.workers }, () => work(signal)));
    },
  };
}
