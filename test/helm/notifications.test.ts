import { describe, expect, it } from 'vitest';
import { NotificationSettings } from '#services/observer/notifications/receiver-settings.ts';
import { HELM_BUILD_TIMEOUT_MS, type KubernetesObject, named, ofKind, renderChart } from './chart.ts';

const RECEIVER = { name: 'team-shop', type: 'Slack', urlPath: '/etc/capataz/notification-secret/slack-url' };
const VALUES = {
  'observer.notifications': {
    secret: 'capataz-notifications',
    consoleUrl: 'https://capataz.example.com',
    receivers: [RECEIVER],
  },
};

function settingsIn(objects: readonly KubernetesObject[]): KubernetesObject | undefined {
  return ofKind(objects, 'ConfigMap').find(({ metadata }) =>
    metadata.name.startsWith('capataz-notifications-'),
  );
}

describe('notifications in the chart', { timeout: HELM_BUILD_TIMEOUT_MS }, () => {
  it('are told to the observer as it reads them, with the Secret beside them', async () => {
    const objects = await renderChart(VALUES);
    const settings = settingsIn(objects);
    const data = settings?.['data'] as Record<string, string> | undefined;
    expect(NotificationSettings.parse(JSON.parse(data?.['notifications.json'] ?? ''))).toMatchObject({
      consoleUrl: 'https://capataz.example.com',
      receivers: [RECEIVER],
    });
    const pod = named(objects, 'StatefulSet', 'capataz-observer')['spec'].template.spec;
    expect(pod.volumes).toEqual(
      expect.arrayContaining([
        { name: 'notifications', configMap: { name: settings?.metadata.name } },
        { name: 'notification-secret', secret: { secretName: 'capataz-notifications' } },
      ]),
    );
    expect(pod.containers[0].env).toContainEqual({
      name: 'CAPATAZ_NOTIFICATIONS_PATH',
      value: '/etc/capataz/notifications/notifications.json',
    });
  });

  it('are nowhere where nobody is to be told', async () => {
    const objects = await renderChart();
    expect(settingsIn(objects)).toBeUndefined();
    expect(JSON.stringify(named(objects, 'StatefulSet', 'capataz-observer'))).not.toContain('notification');
  });
});
