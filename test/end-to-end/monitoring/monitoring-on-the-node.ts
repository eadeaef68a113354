/** What a Prometheus makes of the whole node. Called by factory.test.ts, whose node it shares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Watch, startWatch } from '#test/prometheus/watch.ts';
import { list } from '../world/cluster.ts';

const PARTS = 'app.kubernetes.io/name in (capataz, agent)';

/** That it pages people is held by test/prometheus/alert-delivery.test.ts. */
export function describeMonitoringOnTheNode(): void {
  describe('a Prometheus that watches the node', () => {
    const stack = new AsyncDisposableStack();
    let watch: Watch;
    let watched: ReadonlySet<string>;

    // Inside: hooks beside the describe would be of the whole file, and the pods those that there were at its beginning.
    beforeAll(async () => {
      const pods = await runningPods();
      watched = new Set(pods.map(({ address }) => address));
      watch = await startWatch(stack, pods);
    });

    afterAll(async () => {
      await stack.disposeAsync();
    });

    it('reads every pod, and has no rule that fails', async () => {
      await expect
        .poll(
          async () => {
            const { result } = await watch.query('up == 1');
            const up = (result as readonly { metric: Record<string, string> }[]).map(
              ({ metric }) => metric['instance'],
            );
            // What went since is no loss.
            const left = (await runningPods()).filter(
              ({ address }) => watched.has(address) && !up.includes(address),
            );
            return [up.length > 5, left.map(({ pod }) => pod)];
          },
          { timeout: 90_000 },
        )
        .toEqual([true, []]);
      await expect.poll(async () => new Set(await watch.healthOfRules())).toEqual(new Set(['ok']));
    });
  });
}

async function runningPods(): Promise<
  readonly { readonly address: string; readonly pod: string; readonly namespace: string }[]
> {
  const found = await list('pods', '*', PARTS);
  return found
    .filter(
      ({ metadata, status }) =>
        !('deletionTimestamp' in metadata) &&
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
    )
    .map(({ metadata, status }) => ({
      address: `${String(status?.['podIP'])}:9090`,
      pod: metadata.name,
      namespace: metadata.namespace ?? '',
    }));
}
