/** What a Prometheus and an Alertmanager make of the whole node. Called by factory.test.ts, whose node it shares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Watch, startWatch } from '#test/prometheus/watch.ts';
import { apply, list, serviceUrl, untilReady } from '../world/cluster.ts';
import { secret } from '../world/objects.ts';
import { ask } from '../world/runs.ts';

const PARTS = 'app.kubernetes.io/name in (capataz, agent)';

/** `goodKey`: the one that the provider of the team's Model `paid` takes by then. */
export function describeMonitoringOnTheNode(team: string, goodKey: string): void {
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

    it('pages whoever listens at Alertmanager when a provider refuses a key, and says where it is written what to do', async () => {
      await apply(secret('provider-key', team, 'key-wrong'));
      const url = await serviceUrl('agent-clerk', team);
      await expect
        .poll(async () => (await ask(url, { question: 'anybody there?' })).statusCode, { timeout: 60_000 })
        .not.toBe(200);
      await expect
        .poll(() => watch.told('pages', 'CapatazKeyRefused').length, { timeout: 60_000 })
        .toBeGreaterThan(0);
      const [page] = watch.told('pages', 'CapatazKeyRefused');
      expect(page?.alerts[0]).toMatchObject({
        labels: { namespace: team, model: 'paid', severity: 'page' },
        annotations: {
          summary: `A provider refuses the key of Model paid of ${team}.`,
          runbook_url: 'https://capataz.dev/docs/operations/alerts.md#capatazkeyrefused',
        },
      });
      await apply(secret('provider-key', team, goodKey));
      await untilReady('models.capataz.dev', 'paid', team, 90);
    });
  });
}

async function runningPods(): Promise<
  readonly { readonly address: string; readonly pod: string; readonly namespace: string }[]
> {
  const found = await list('pods', '*', PARTS);
  return found
    .filter(({ metadata, status }) => status?.['phase'] === 'Running' && !('deletionTimestamp' in metadata))
    .map(({ metadata, status }) => ({
      address: `${String(status?.['podIP'])}:9090`,
      pod: metadata.name,
      namespace: metadata.namespace ?? '',
    }));
}
