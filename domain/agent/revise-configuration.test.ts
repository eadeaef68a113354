import { describe, expect, it } from 'vitest';
import type { AgentConfigurationContent } from './agent-configuration.ts';
import { reviseConfiguration } from './revise-configuration.ts';

const NOON = new Date('2030-01-01T12:00:00Z');
const LATER = new Date('2030-01-01T12:00:01Z');

function content(version: string): AgentConfigurationContent {
  return {
    agent: { namespace: 'shop', name: 'clerk', uid: 'uid-1', generation: 1 },
    prompt: { name: 'clerk', version, digest: 'a'.repeat(64), text: 'Hello.' },
    tools: [],
    audit: { content: 'Digests', retentionDays: 30 },
    limits: { steps: 8, seconds: 120, outputRepairs: 2 },
  };
}

describe('the revision of a configuration', () => {
  it('stays while the content stays, so that a pass without a change writes nothing', () => {
    const first = reviseConfiguration(content('clerk-1'), undefined, NOON);
    expect(reviseConfiguration(content('clerk-1'), first, LATER)).toBe(first);
  });

  it('grows with each change, also when the content goes back to what it was', () => {
    const first = reviseConfiguration(content('clerk-1'), undefined, NOON);
    const second = reviseConfiguration(content('clerk-2'), first, LATER);
    const third = reviseConfiguration(content('clerk-1'), second, LATER);
    expect(second.revision).toBeGreaterThan(first.revision);
    expect(third.revision).toBeGreaterThan(second.revision);
  });

  it('grows when the clock went back', () => {
    const first = reviseConfiguration(content('clerk-1'), undefined, LATER);
    expect(reviseConfiguration(content('clerk-2'), first, NOON).revision).toBeGreaterThan(first.revision);
  });

  it('goes on growing when the last configuration was lost', () => {
    const first = reviseConfiguration(content('clerk-1'), undefined, NOON);
    expect(reviseConfiguration(content('clerk-2'), undefined, LATER).revision).toBeGreaterThan(
      first.revision,
    );
  });
});
