import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { ensureCertificates } from './certificate-authority.ts';
import { planCertificates } from './certificate-plan.ts';

const requests = planCertificates({
  nodeName: 'capataz',
  nodeAddress: '10.210.128.2',
  firstServiceAddress: '10.210.64.1',
});

const parent = mkdtempSync(join(tmpdir(), 'certificates-'));
const directory = join(parent, 'certificates');
const read = (file: string): X509Certificate =>
  new X509Certificate(readFileSync(join(directory, `${file}.crt`)));

beforeAll(() => ensureCertificates(directory, requests));
afterAll(() => rmSync(parent, { recursive: true }));

test('Every certificate is signed by the authority that its request names, and by that one only.', () => {
  const authorities = { ca: read('ca'), 'front-proxy-ca': read('front-proxy-ca') };
  for (const request of requests) {
    const certificate = read(request.file);
    for (const [name, authority] of Object.entries(authorities)) {
      expect(certificate.verify(authority.publicKey)).toBe(name === request.authority);
    }
    expect(certificate.ca).toBe(false);
  }
  expect(authorities.ca.ca).toBe(true);
});

test('The API server may be called by each of its names and addresses.', () => {
  const certificate = read('apiserver');
  for (const name of ['kubernetes.default.svc', 'localhost']) expect(certificate.checkHost(name)).toBe(name);
  for (const address of ['127.0.0.1', '10.210.64.1', '10.210.128.2']) {
    expect(certificate.checkIP(address)).toBe(address);
  }
});

test('Users carry the names and groups that the built-in role bindings know.', () => {
  expect(read('admin').subject).toBe('O=system:masters\nCN=kubernetes-admin');
  expect(read('kubelet').subject).toBe('O=system:nodes\nCN=system:node:capataz');
  expect(read('scheduler').subject).toBe('CN=system:kube-scheduler');
});

test('Keys are made once: a second call leaves them as they are, readable by their owner alone.', async () => {
  const before = readFileSync(join(directory, 'ca.key'), 'utf8');
  await ensureCertificates(directory, requests);
  expect(readFileSync(join(directory, 'ca.key'), 'utf8')).toBe(before);
  expect(statSync(directory).mode & 0o077).toBe(0);
});
