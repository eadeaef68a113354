/**
 * One leader at a time, by a Lease (coordination.k8s.io/v1), in the manner of client-go's leaderelection:
 *
 *   follower --(lease free, or not renewed for leaseSeconds as seen by our own clock)--> leader
 *   leader   --(not renewed for renewDeadlineSeconds, or somebody else holds it)--> lost: the process must end
 *
 * Every write carries the resourceVersion that was read. The lease alone fences nothing: a leader that was paused
 * wakes up believing in itself. `isHeld` looks at the clock before each write, and each write has a precondition.
 */
import { z } from 'zod';
import { isConflict, isNotFound } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { pause } from './pause.ts';
import { collectionPath } from './resilient-informer.ts';
import { objectPath } from './resource-kind.ts';
import type { Logger } from '#telemetry/logger.ts';

const LEASE = { groupVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' } as const;

const Lease = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.int().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.int().nullish(),
    })
    .default({}),
});
type Lease = z.infer<typeof Lease>;

export interface LeaderElectionOptions {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  readonly namespace: string;
  readonly leaseName: string;
  /** Must differ between processes, also between two lives of one pod. */
  readonly identity: string;
  readonly logger: Logger;
  readonly random: () => number;
  readonly now: () => Date;
  readonly nowMilliseconds?: () => number;
  readonly leaseSeconds?: number;
  readonly renewDeadlineSeconds?: number;
  readonly retrySeconds?: number;
}

export interface LeaderElection {
  /** Resolves true once this process leads, false when the signal aborts first. */
  readonly acquire: (signal: AbortSignal) => Promise<boolean>;
  /** Keeps the lease. Resolves when it is lost, or the signal aborts; nothing may be written after that. */
  readonly hold: (signal: AbortSignal) => Promise<'lost' | 'stopped'>;
  /** Whether the lease was surely ours a moment ago. */
  readonly isHeld: () => boolean;
  /** Gives the lease back, so that the next leader need not wait for it to run out. */
  readonly release: () => Promise<void>;
}

export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { kubeClient, namespace, leaseName, identity, logger, random } = options;
  const { leaseSeconds = 15, renewDeadlineSeconds = 10, retrySeconds = 2 } = options;
  const nowMilliseconds = options.nowMilliseconds ?? (() => performance.now());
  const path = objectPath(LEASE, namespace, leaseName);
  /** When the last renewal that went through was begun. */
  let renewedAt: number | undefined;
  let held: Lease | undefined;
  let observed: { readonly resourceVersion: string; readonly at: number } | undefined;

  const isHeld = (): boolean =>
    renewedAt !== undefined && nowMilliseconds() - renewedAt < renewDeadlineSeconds * 1000;

  async function read(): Promise<Lease | undefined> {
    try {
      return Lease.parse(await kubeClient.request({ method: 'GET', path, timeoutSeconds: 5 }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Writes ourselves into the lease, on top of exactly what was read. */
  async function write(current: Lease | undefined): Promise<void> {
    const startedAt = nowMilliseconds();
    const isOurs = current?.spec.holderIdentity === identity;
    const time = options.now().toISOString().replace('Z', '000Z');
    const body = {
      ...current,
      apiVersion: LEASE.groupVersion,
      kind: LEASE.kind,
      metadata: { ...current?.metadata, name: leaseName, namespace },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: leaseSeconds,
        acquireTime: isOurs ? (current.spec.acquireTime ?? time) : time,
        renewTime: time,
        leaseTransitions: (current?.spec.leaseTransitions ?? 0) + (isOurs || current === undefined ? 0 : 1),
      },
    };
    const answer =
      current === undefined
        ? await kubeClient.request({
            method: 'POST',
            path: collectionPath(LEASE.groupVersion, LEASE.plural, namespace),
            body,
            timeoutSeconds: 5,
          })
        : await kubeClient.request({ method: 'PUT', path, body, timeoutSeconds: 5 });
    held = Lease.parse(answer);
    renewedAt = startedAt;
  }

  /** Seconds until it is worth trying again, or 0 when the lease is ours now. */
  async function tryAcquire(): Promise<number> {
    const current = await read();
    if (current !== undefined && !isFree(current)) {
      const { resourceVersion } = current.metadata;
      if (observed?.resourceVersion !== resourceVersion)
        observed = { resourceVersion, at: nowMilliseconds() };
      const lifetimeSeconds = current.spec.leaseDurationSeconds ?? leaseSeconds;
      const remainingSeconds = lifetimeSeconds - (nowMilliseconds() - observed.at) / 1000;
      if (remainingSeconds > 0) return Math.min(remainingSeconds + 0.05, retrySeconds * (1 + 0.2 * random()));
    }
    await write(current);
    return 0;
  }

  function isFree(lease: Lease): boolean {
    const holder = lease.spec.holderIdentity ?? '';
    return holder === '' || holder === identity;
  }

  async function acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      let waitSeconds = retrySeconds * (1 + 0.2 * random());
      try {
        waitSeconds = await tryAcquire();
        if (waitSeconds === 0) {
          logger.info({ leaseName, identity }, 'became the leader');
          return true;
        }
      } catch (error) {
        if (!isConflict(error)) logger.warn({ leaseName, error }, 'could not look at the lease');
      }
      await pause(waitSeconds, signal);
    }
    return false;
  }

  async function hold(signal: AbortSignal): Promise<'lost' | 'stopped'> {
    while (true) {
      await pause(retrySeconds, signal);
      if (signal.aborted) return 'stopped';
      if (!isHeld()) break;
      try {
        await write(held);
      } catch (error) {
        if (isConflict(error)) {
          // Our own renewal may have gone through with its answer lost: only another holder means it is lost.
          held = await read().catch(() => held);
          if (held?.spec.holderIdentity !== identity) break;
        } else {
          logger.warn({ leaseName, error }, 'could not renew the lease');
        }
      }
    }
    renewedAt = undefined;
    logger.error({ leaseName, identity }, 'lost the lease');
    return 'lost';
  }

  async function release(): Promise<void> {
    if (held === undefined || !isHeld()) return;
    renewedAt = undefined;
    try {
      const spec = { ...held.spec, holderIdentity: '', leaseDurationSeconds: 1 };
      await kubeClient.request({ method: 'PUT', path, body: { ...held, spec }, timeoutSeconds: 5 });
    } catch (error) {
      logger.warn(
        { leaseName, error },
        'could not give the lease back; the next leader waits until it runs out',
      );
    }
  }

  return { acquire, hold, isHeld, release };
}
