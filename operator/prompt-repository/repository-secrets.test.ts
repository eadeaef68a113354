import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import { readCredentials } from './repository-secrets.ts';

function read(data: Readonly<Record<string, string>>, secretRef?: { readonly name: string }) {
  const metadata = { namespace: 'ns', name: 'prompts', uid: 'u', generation: 1, resourceVersion: '1' };
  const spec = { url: 'ssh://git@git.example/prompts.git', ...(secretRef !== undefined && { secretRef }) };
  const repository: PromptRepository = {
    apiVersion: '',
    kind: 'PromptRepository',
    metadata,
    spec,
    status: {},
  };
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const request = () => Promise.resolve({ data: Object.fromEntries(encoded) });
  return readCredentials({ request }, repository);
}

describe('credentials for ssh', () => {
  it.each(['', 'RFC4716', 'PEM', 'PKCS8'])(
    'are refused with a passphrase, in the format "%s"',
    async (format) => {
      const place = await mkdtemp(join(tmpdir(), 'identity-'));
      try {
        const identityWith = async (passphrase: string): Promise<string> => {
          const path = join(place, `key-${passphrase}`);
          const kind = format === '' ? ['-t', 'ed25519'] : ['-t', 'ecdsa', '-m', format];
          execFileSync('ssh-keygen', ['-q', ...kind, '-N', passphrase, '-f', path]);
          return await readFile(path, 'utf8');
        };
        const known_hosts = 'git.example ssh-ed25519 AAAA';
        const secretRef = { name: 'git' };
        await expect(
          read({ identity: await identityWith('secret'), known_hosts }, secretRef),
        ).rejects.toMatchObject({
          reason: 'SecretInvalid',
          message: expect.stringContaining('passphrase'),
        });
        expect(await read({ identity: await identityWith(''), known_hosts }, secretRef)).toMatchObject({
          kind: 'ssh',
        });
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
  );

  it('are needed: without a Secret there is a sentence, and no try', async () => {
    await expect(read({})).rejects.toMatchObject({ reason: 'SecretInvalid' });
  });
});
