import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import { openSigningKey } from './key-files.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-keys-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the signing key of the ledger', () => {
  it('may be an Ed25519 private key in PEM, as Helm and openssl make it, and gets the name of the log', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const path = join(folder, 'pem');
    await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const key = await openSigningKey(path, { logName: 'ledger.example', isDrawn: false });
    expect(key.name).toBe('ledger.example');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    expect(encodeVerifierKey(key)).toContain(Buffer.concat([Buffer.from([1]), raw]).toString('base64'));
    expect(encodeVerifierKey(await openSigningKey(path, { logName: 'ledger.example', isDrawn: true }))).toBe(
      encodeVerifierKey(key),
    );
  });

  it.each([
    [
      'a key of another kind',
      () =>
        generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
    ],
    ['half a key', () => '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\n-----END PRIVATE KEY-----'],
    ['something else', () => 'secret'],
  ])('is refused without being quoted when it is %s', async (_what, make) => {
    const path = join(folder, 'wrong');
    await writeFile(path, make());
    const opening = openSigningKey(path, { logName: 'ledger.example', isDrawn: false });
    await expect(opening).rejects.toThrow(`What stands at ${path} is no signing key`);
    await expect(opening).rejects.not.toThrow(/MC4C|secret'/);
  });
});
