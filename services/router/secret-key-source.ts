/** Keys out of Secrets beside the Models. */
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { CreateKeySource, KeyReading, KeyReference } from './key-source.ts';
import { type SecretReading, SecretWatches } from './secret-watches.ts';

export interface SecretKeySourceOptions {
  readonly kubeClient: KubeClient;
  readonly logger: Logger;
  readonly random: () => number;
  readonly nowMilliseconds: () => number;
}

export function secretKeySource(options: SecretKeySourceOptions): CreateKeySource {
  return (onChange) => {
    const watches = new SecretWatches({ ...options, onChange });
    return {
      watchOnly: (references) => watches.watchOnly(new Set(references.map(secretOf))),
      read: (reference) => readKey(reference, watches.read(secretOf(reference))),
      reread: (reference) => watches.reread(secretOf(reference)),
      synced: () => watches.synced(),
      close: () => watches.close(),
    };
  };
}

function secretOf({ namespace, keyFrom }: KeyReference): string {
  return `${namespace}/${keyFrom.secretRef.name}`;
}

export function readKey({ keyFrom }: KeyReference, secret: SecretReading): KeyReading {
  const { name, key = 'key' } = keyFrom.secretRef;
  if (secret.state === 'notReadYet') {
    return { state: 'notReadYet', problem: `waits for the first reading of its Secret ${name}` };
  }
  if (secret.state === 'absent') {
    return { state: 'notFound', problem: `needs the Secret ${name}, which does not exist in its namespace` };
  }
  // Keys that were written with an editor or with echo end in a line feed.
  const value = Buffer.from(secret.data[key] ?? '', 'base64')
    .toString('utf8')
    .trim();
  if (value === '') return { state: 'keyMissing', problem: `needs the key "${key}" in its Secret ${name}` };
  if (/^[\x21-\x7e]+$/.test(value)) {
    return { state: 'read', value, source: `Secret/${name}`, version: secret.version };
  }
  // Never the value, and nothing of it: only what is wrong with it.
  const fault = /[\r\n]/.test(value)
    ? 'has several lines'
    : /\s/.test(value)
      ? 'has a space in it'
      : 'has a character that HTTP headers cannot carry';
  return { state: 'keyMalformed', problem: `has a key in its Secret ${name} that ${fault}` };
}
