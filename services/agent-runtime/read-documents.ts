/**
 * The two documents that a pod is told, read: its agent's configuration and the rollout that the agent follows. A field
 * that is not known is ignored, but where it may be a limit: there the document is not understood, and serving on
 * would be without that limit.
 */
import type { z } from 'zod';
import { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { RolloutDocument } from '#domain/rollout/rollout-document.ts';

/** Which agent this pod is; another agent's configuration is refused. */
export interface ExpectedAgent {
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export type ReadDocument<Document> =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly problem: string; readonly isNotUnderstood: boolean };

export function readAgentConfiguration(
  text: string,
  expected: ExpectedAgent,
): ReadDocument<AgentConfiguration> {
  const read = readDocument(AgentConfiguration, text, 'an AgentConfiguration');
  if (!read.ok) return read;
  const { agent } = read.document;
  const isOurs =
    (expected.name ?? agent.name) === agent.name &&
    (expected.namespace ?? agent.namespace) === agent.namespace;
  return isOurs ? read : refuse(`it is that of the agent ${agent.namespace}/${agent.name}`);
}

export function readRolloutDocument(
  text: string,
  { namespace }: ExpectedAgent,
): ReadDocument<RolloutDocument> {
  const read = readDocument(RolloutDocument, text, 'a RolloutDocument');
  if (!read.ok) return read;
  const { rollout } = read.document;
  return (namespace ?? rollout.namespace) === rollout.namespace
    ? read
    : refuse(`it is that of the rollout ${rollout.namespace}/${rollout.name}`);
}

function readDocument<Document>(
  schema: z.ZodType<Document>,
  text: string,
  name: string,
): ReadDocument<Document> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse(`it is not ${name}`);
  }
  const read = schema.safeParse(json);
  if (read.success) return { ok: true, document: read.data };
  const unknown = read.error.issues.find(({ code }) => code === 'unrecognized_keys');
  if (unknown?.code === 'unrecognized_keys') {
    const room = unknown.path.map(String).join('.');
    const fields = unknown.keys.slice(0, 3).join(', ');
    return {
      ok: false,
      isNotUnderstood: true,
      problem: `${room} has ${fields}, which this version does not know: what it limits could not be kept`,
    };
  }
  return refuse(`it is not ${name}`);
}

function refuse(problem: string): ReadDocument<never> {
  return { ok: false, problem, isNotUnderstood: false };
}
