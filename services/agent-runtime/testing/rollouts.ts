/** Documents of a rollout as the operator writes them, and the configuration of an agent that follows it. */
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import type { RolloutDocument, ServedVersion } from '#domain/rollout/rollout-document.ts';
import { type ConfigurationChanges, configuration } from './configurations.ts';

/** With a greeting of its own, which the fake router is sent. */
export function version(name: string, text = promptOf(name)): ServedVersion {
  return { version: name, digest: promptDigest(text), text };
}

export function promptOf(name: string): string {
  return `---\ninput:\n  schema:\n    name: string\n---\nGreet by ${name}: {{name}}\n`;
}

export function rolloutText(changes: Partial<RolloutDocument> & Record<string, unknown> = {}): string {
  return JSON.stringify({
    schemaVersion: 1,
    revision: 1,
    rollout: { namespace: 'shop', name: 'greeting', uid: 'rollout-1' },
    prompt: 'greeting',
    stable: version('v1'),
    ...changes,
  });
}

export const EVERYBODY = { unit: 'Agent', basisPoints: 10_000, salt: 's', cutoff: 'f'.repeat(64) } as const;
export const NOBODY = { unit: 'Agent', basisPoints: 0, salt: 's' } as const;

export function followerText(changes: ConfigurationChanges & Record<string, unknown> = {}): string {
  const { prompt: _prompt, ...follower } = configuration(changes);
  return JSON.stringify({ schemaVersion: 1, ...follower });
}
