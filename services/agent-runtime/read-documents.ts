/**
 * The two documents that a pod is told, read: its agent's configuration and the rollout that the agent follows. A field
 * that is not known is ignored, but where it may be a limit: there the document is not understood, and serving on
 * would be without that limit.
 */
import { z } from 'zod';
import { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { RolloutDocument } from '#domain/rollout/rollout-document.ts';

/** Which agent this pod is; another agent's configuration is refused. */
export interface ExpectedAgent {
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Of two documents with one owner the one with the higher revision is the newer. */
export interface DocumentStamp {
  readonly ownerUid: string;
  readonly revision: number;
}

export type ReadDocument<Document> =
  | { readonly kind: 'read'; readonly document: Document; readonly stamp: DocumentStamp }
  | { readonly kind: 'not-understood'; readonly problem: string; readonly stamp: DocumentStamp }
  | { readonly kind: 'refused'; readonly problem: string };

const Owner = z.object({ namespace: z.string(), name: z.string(), uid: z.string() });
/** What every release writes, and reads before anything else: whose it is, and how old. */
const AgentHead = z.object({ revision: z.int(), agent: Owner });
const RolloutHead = z.object({ revision: z.int(), rollout: Owner });

/** Where a word that is not known may be a limit. */
const SAFETY_ROOMS: ReadonlySet<PropertyKey> = new Set(['limits', 'audit', 'exposure']);

export function readAgentConfiguration(
  text: string,
  expected: ExpectedAgent,
): ReadDocument<AgentConfiguration> {
  const json = parseJson(text);
  const head = AgentHead.safeParse(json).data;
  if (head === undefined) return refuse('it is not an AgentConfiguration');
  const { agent, revision } = head;
  const isOurs =
    (expected.name ?? agent.name) === agent.name &&
    (expected.namespace ?? agent.namespace) === agent.namespace;
  return isOurs
    ? readStrictly(AgentConfiguration, json, { ownerUid: agent.uid, revision })
    : refuse(`it is that of the agent ${agent.namespace}/${agent.name}`);
}

export function readRolloutDocument(
  text: string,
  { namespace }: ExpectedAgent,
): ReadDocument<RolloutDocument> {
  const json = parseJson(text);
  const head = RolloutHead.safeParse(json).data;
  if (head === undefined) return refuse('it is not a RolloutDocument');
  const { rollout, revision } = head;
  return (namespace ?? rollout.namespace) === rollout.namespace
    ? readStrictly(RolloutDocument, json, { ownerUid: rollout.uid, revision })
    : refuse(`it is that of the rollout ${rollout.namespace}/${rollout.name}`);
}

function readStrictly<Document>(
  schema: z.ZodType<Document>,
  json: unknown,
  stamp: DocumentStamp,
): ReadDocument<Document> {
  const read = schema.safeParse(json);
  if (read.success) return { kind: 'read', document: read.data, stamp };
  const { issues } = read.error;
  const unknown = issues.find(isUnknownWord);
  if (unknown === undefined) return refuse(`it cannot be read: ${issues[0] && describe(issues[0])}`);
  const problem = `${describe(unknown)}: this version does not know it, and what it limits could not be kept`;
  return { kind: 'not-understood', problem, stamp };
}

function isUnknownWord({ code, path: [room] }: z.core.$ZodIssue): boolean {
  if (room === 'schemaVersion') return true;
  const isUnknown = code === 'unrecognized_keys' || code === 'invalid_value';
  return room !== undefined && SAFETY_ROOMS.has(room) && isUnknown;
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return [path.map(String).join('.'), message].filter((part) => part !== '').join(': ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(problem: string): ReadDocument<never> {
  return { kind: 'refused', problem };
}
