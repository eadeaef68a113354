/**
 * `npm run up -- --context` and `npm run down -- --context` in a cluster that somebody else uses too: a real API server
 * with real controllers and without a node. What a person made stays, whatever it is called.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installCapataz, uninstallCapataz } from '#cluster/capataz/install-capataz.ts';
import { applySamples, removeSamples } from '#cluster/capataz/samples.ts';
import { runCommand } from '#cluster/command-line/command.ts';
import { SILENT_REPORT } from '#cluster/command-line/console-report.ts';
import { type ControlPlane, startControlPlane } from '#cluster/control-plane/control-plane.ts';
import { type ClusterAccess, accessKubeconfig } from '#cluster/kubeconfig/cluster-access.ts';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import { HELM_BUILD_TIMEOUT_MS, helmBinary } from '#test/helm/chart.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const IMAGE = { repository: 'localhost/capataz', tag: 'test' };
const TOOLS = { nodeProgram: process.execPath, image: IMAGE };
const OWN_PROMPT_TEXT = '---\nmodel: auto\n---\nHello\n';

let directory: string;
let controlPlane: ControlPlane;
let access: ClusterAccess;

beforeAll(async () => {
  const helm = await helmBinary();
  const binaryPath = await ensureKubernetesBinary();
  directory = await mkdtemp(join(tmpdir(), 'capataz-own-cluster-'));
  controlPlane = await startControlPlane({ binaryPath, directory, controllerManager: true });
  const kubectl = join(directory, 'kubectl');
  await writeFile(kubectl, `#!/bin/sh\nexec ${binaryPath} kubectl "$@"\n`);
  await chmod(kubectl, 0o755);
  const reached = accessKubeconfig({ kubectl, helm }, controlPlane.kubeconfig);
  // Without a node no pod becomes ready, so nothing here waits for pods.
  access = {
    ...reached,
    isRouted: false,
    helm: (options) => reached.helm(options.filter((option) => option !== '--wait')),
  };
}, HELM_BUILD_TIMEOUT_MS);

afterAll(async () => {
  await controlPlane.stop();
  await rm(directory, { recursive: true, force: true });
});

async function namesOf(kinds: string, namespace = 'default'): Promise<readonly string[]> {
  const text = await access.kubectl(['get', kinds, '--namespace', namespace, '--output=name']);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/\.capataz\.dev\//, '/'))
    .toSorted();
}

const OWN_KINDS = 'agents,models,canaryrollouts,promptversions';

async function down(): Promise<void> {
  await removeSamples(access, SILENT_REPORT);
  await uninstallCapataz(access, SILENT_REPORT);
}

it('takes away what up made and leaves what a person made, even under the name of a sample', async () => {
  await installCapataz(access, CHECKOUT, IMAGE, SILENT_REPORT);
  const version = join(directory, 'mine.prompt');
  await writeFile(version, OWN_PROMPT_TEXT);
  const mine = await runCommand(process.execPath, [
    join(CHECKOUT, 'tools/render-prompt-version.ts'),
    version,
    '--namespace',
    'default',
  ]);
  await access.kubectl(['apply', '--filename=-'], { input: mine });
  const model = {
    apiVersion: 'capataz.dev/v1alpha1',
    kind: 'Model',
    metadata: { name: 'minilm', namespace: 'default' },
    spec: {
      provider: 'OpenAICompatible',
      endpoint: 'https://models.example.com/v1',
      model: 'mine',
      capabilities: ['Embeddings'],
      price: { inputUsdPerMillionTokens: '1', outputUsdPerMillionTokens: '1' },
    },
  };
  await access.kubectl(['apply', '--filename=-'], { input: JSON.stringify(model) });
  const before = await namesOf(OWN_KINDS);
  expect(before).toHaveLength(2);

  const said: string[] = [];
  await applySamples(access, CHECKOUT, TOOLS, {
    ...SILENT_REPORT,
    detail: (text) => said.push(text),
  });
  expect(said.join('\n')).toContain('Model minilm is there already');
  expect(await namesOf('agents')).toEqual(['agent/email-classifier']);
  // A second run finds its own objects and is content.
  await applySamples(access, CHECKOUT, TOOLS, SILENT_REPORT);

  await down();
  expect(await namesOf(OWN_KINDS)).toEqual(before);
  const kept = await access.kubectl(['get', 'model', 'minilm', '--output=jsonpath={.spec.model}']);
  expect(kept).toBe('mine');
  // The chart keeps the ledger's volume and keys, and the witness's namespace; down takes them too.
  expect(await access.kubectl(['get', 'namespaces', '--output=name'])).not.toContain('capataz-system');
});

it('finishes a down that was interrupted after the release was gone', async () => {
  await installCapataz(access, CHECKOUT, IMAGE, SILENT_REPORT);
  await access.helm(['uninstall', 'capataz', '--namespace', 'capataz-system']);
  expect(await namesOf('secrets', 'capataz-system')).toContain('secret/capataz-ledger-keys');
  await down();
  expect(await access.kubectl(['get', 'namespaces', '--output=name'])).not.toContain('capataz-system');
});

it('leaves the namespace while it holds something that is not of the release', async () => {
  await installCapataz(access, CHECKOUT, IMAGE, SILENT_REPORT);
  await access.kubectl(['create', 'configmap', 'notes', '--namespace', 'capataz-system']);
  await down();
  expect(await namesOf('configmaps', 'capataz-system')).toContain('configmap/notes');
  expect(await namesOf('deployments', 'capataz-system')).toEqual([]);
  expect(await namesOf('secrets', 'capataz-system')).toEqual([]);
  await access.kubectl(['delete', 'namespace', 'capataz-system']);
});

it('neither writes to nor removes the ledger that a release of a person has kept', async () => {
  const chart = join(CHECKOUT, 'helm/capataz');
  await access.helm([
    'install',
    'capataz',
    chart,
    '--namespace',
    'capataz-system',
    '--create-namespace',
    '--set',
    'image.tag=theirs',
  ]);
  await access.helm(['uninstall', 'capataz', '--namespace', 'capataz-system']);
  await expect(installCapataz(access, CHECKOUT, IMAGE, SILENT_REPORT)).rejects.toThrow(
    /has left its ledger \(secret\/capataz-ledger-keys in capataz-system.*namespace\/capataz-system-witness/,
  );
  await down();
  expect(await namesOf('secrets', 'capataz-system')).toContain('secret/capataz-ledger-keys');
  await access.kubectl(['delete', 'namespace', 'capataz-system', 'capataz-system-witness']);
});

it('neither upgrades nor removes a release that a person installed with Helm', async () => {
  const chart = join(CHECKOUT, 'helm/capataz');
  const flags = ['--namespace', 'capataz-system', '--create-namespace', '--set', 'image.tag=theirs'];
  await access.helm(['install', 'capataz', chart, ...flags]);
  await expect(installCapataz(access, CHECKOUT, IMAGE, SILENT_REPORT)).rejects.toThrow(
    /Helm release "capataz" that npm run up did not make/,
  );
  await down();
  expect(await namesOf('deployments', 'capataz-system')).not.toEqual([]);
});
