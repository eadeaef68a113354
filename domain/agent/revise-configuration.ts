/**
 * Gives a configuration its revision. A pod hears of its configuration by two ways (the mounted file and the stream of
 * whichever operator replica it is connected to), and each may lag: the revision tells old news from new.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AgentConfiguration, AgentConfigurationContent } from './agent-configuration.ts';

/**
 * The last one as it is when it says the same; else the content with a higher revision. The clock takes part so that
 * revisions go on growing when the last configuration is lost (its ConfigMap was deleted).
 */
export function reviseConfiguration(
  content: AgentConfigurationContent,
  last: AgentConfiguration | undefined,
  now: Date,
): AgentConfiguration {
  if (last === undefined) return { revision: now.getTime(), ...content };
  const { revision, ...lastContent } = last;
  return isDeepStrictEqual(lastContent, content)
    ? last
    : { revision: Math.max(revision + 1, now.getTime()), ...content };
}
