import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HELM_BUILD_TIMEOUT_MS, named, ofKind, renderChart } from './chart.ts';

const POSTGRES = { 'ledger.driver': 'postgres', 'ledger.postgres.existingSecret': 'ledger-database' };

describe('the ledger in the chart', { timeout: HELM_BUILD_TIMEOUT_MS }, () => {
  it('has one replica with a volume of its own, which outlives the release', async () => {
    const { spec } = named(await renderChart(), 'StatefulSet', 'capataz-ledger');
    expect(spec.replicas).toBe(1);
    expect(spec.volumeClaimTemplates).toHaveLength(1);
    expect(spec.volumeClaimTemplates[0].spec.accessModes).toEqual(['ReadWriteOnce']);
    // Absent, Kubernetes keeps the claims.
    expect(spec.persistentVolumeClaimRetentionPolicy).toBeUndefined();
  });

  it('is refused with two writers on one file, and with a database that nobody names', async () => {
    await expect(renderChart({ 'ledger.replicas': 2 })).rejects.toThrow('a file has one writer');
    await expect(renderChart({ 'ledger.driver': 'postgres' })).rejects.toThrow(
      'ledger.postgres.existingSecret',
    );
  });

  it('has as many replicas as are asked for, and no volume, with PostgreSQL', async () => {
    const objects = await renderChart({ ...POSTGRES, 'ledger.replicas': 2 });
    const { spec } = named(objects, 'StatefulSet', 'capataz-ledger');
    expect(spec.replicas).toBe(2);
    expect(spec.volumeClaimTemplates).toBeUndefined();
    expect(spec.template.spec.volumes).toContainEqual({
      name: 'postgres',
      secret: { secretName: 'ledger-database' },
    });
  });

  it('gets keys that are made once and outlive the release, or those of a Secret that is named', async () => {
    const secret = named(await renderChart(), 'Secret', 'capataz-ledger-keys');
    expect(secret.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    const decoded = (key: string): string =>
      Buffer.from(secret['data'][key] as string, 'base64').toString('utf8');
    expect(createPrivateKey(decoded('signing-key')).asymmetricKeyType).toBe('ed25519');
    expect(Buffer.from(decoded('text-key'), 'base64')).toHaveLength(32);
    const withOurKeys = await renderChart({ 'ledger.keys.existingSecret': 'our-keys' });
    expect(ofKind(withOurKeys, 'Secret').map(({ metadata }) => metadata.name)).toEqual([
      'capataz-console-sessions',
    ]);
    expect(JSON.stringify(named(withOurKeys, 'StatefulSet', 'capataz-ledger'))).toContain('our-keys');
  });

  it('has its witness in another namespace, always', async () => {
    const objects = await renderChart();
    const ofWitness = objects.filter(
      ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'ledger-witness',
    );
    const placed = ofWitness.filter(({ kind }) => kind !== 'Namespace');
    expect(new Set(placed.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(['capataz-system-witness']),
    );
    await expect(renderChart({ 'ledger.witness.namespace': 'capataz-system' })).rejects.toThrow(
      'ledger.witness.namespace',
    );
  });

  it('is told by router and operator, through a spool in the pod that is larger than what may wait in it', async () => {
    const objects = await renderChart({ 'ledger.spoolMebibytes': 100 });
    for (const part of ['capataz-router', 'capataz-operator']) {
      const { spec } = named(objects, 'Deployment', part)['spec'].template;
      expect(spec.containers[0].env).toContainEqual({
        name: 'CAPATAZ_LEDGER_URL',
        value: 'http://capataz-ledger.capataz-system.svc:8080',
      });
      expect(spec.volumes).toContainEqual({ name: 'spool', emptyDir: { sizeLimit: '164Mi' } });
    }
  });

  it('gets its sinks from a ConfigMap that has another name with other sinks, for they are read at the start', async () => {
    const sinks = [{ name: 'file', type: 'JsonLines' }];
    const objects = await renderChart({ 'ledger.sinks': sinks, 'ledger.sinkSecret': 'siem' });
    const [map] = ofKind(objects, 'ConfigMap');
    expect(JSON.parse(map?.['data']['sinks.json'] as string)).toEqual(sinks);
    const { spec } = named(objects, 'StatefulSet', 'capataz-ledger')['spec'].template;
    expect(spec.volumes).toContainEqual({ name: 'sinks', configMap: { name: map?.metadata.name } });
    expect(spec.volumes).toContainEqual({ name: 'sink-secret', secret: { secretName: 'siem' } });
    const [other] = ofKind(
      await renderChart({ 'ledger.sinks': [...sinks, { name: 'b', type: 'JsonLines' }] }),
      'ConfigMap',
    );
    expect(other?.metadata.name).not.toBe(map?.metadata.name);
  });

  it('can be left out, and then nobody is told of it', async () => {
    const objects = await renderChart({ 'ledger.enabled': false });
    const telling = objects.filter(
      ({ kind }) => !/CustomResourceDefinition|ValidatingAdmissionPolicy/.test(kind),
    );
    const mentions = telling.filter((object) => /ledger/i.test(JSON.stringify(object)));
    expect(mentions.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  });
});
