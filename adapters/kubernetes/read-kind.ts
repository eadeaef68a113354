/**
 * Reads an object of one of our kinds. The API server has checked it against the CustomResourceDefinition of the
 * day it was stored; an older or newer definition may have let something else through, so it is parsed again. What
 * does not parse is a problem to be reported, never a crash.
 */
import type { z } from 'zod';
import { type KubeObject, type KubeObjectMeta, objectKey } from './kube-object.ts';
import type { ConditionStatus } from '#crds/conditions.ts';
import type { KindObject, KindStatus } from '#crds/kind-definition.ts';
import type { Logger } from '#telemetry/logger.ts';
import { readStatus } from './read-status.ts';

/** What the local copy keeps of an object. */
export interface ReadObject<Spec, Status> extends KubeObject {
  readonly metadata: KubeObjectMeta;
  readonly content:
    | { readonly ok: true; readonly object: KindObject<Spec, Status> }
    | {
        readonly ok: false;
        readonly problem: string;
        /** With a spec that nobody may look at. */
        readonly object: KindObject<unknown, Status>;
      };
}

export function readKindObject<Spec, Status>(
  schemas: { readonly spec: z.ZodType; readonly status: z.ZodType },
  object: KubeObject,
  logger: Logger,
): ReadObject<Spec, Status> {
  // managedFields is most of a small object's size and of no use for our own kinds.
  const { managedFields: _, ...metadata } = object.metadata;
  const { spec, status } = object as { readonly spec?: unknown; readonly status?: unknown };
  // What of a status cannot be read is written anew from what is observed.
  const knownStatus = readStatus(schemas.status, status) as Status | undefined;
  const withSpec = <Known>(known: Known): KindObject<Known, Status> => ({
    apiVersion: object.apiVersion ?? '',
    kind: object.kind ?? '',
    metadata: { ...metadata, namespace: metadata.namespace ?? '', generation: metadata.generation ?? 0 },
    spec: known,
    ...(knownStatus === undefined ? {} : { status: knownStatus }),
  });
  const parsedSpec = schemas.spec.safeParse(spec);
  if (parsedSpec.success) {
    return { metadata, content: { ok: true, object: withSpec(parsedSpec.data as Spec) } };
  }
  const problem = describeProblems(parsedSpec.error);
  logger.warn({ kind: object.kind, key: objectKey(metadata), problem }, 'object cannot be read');
  return { metadata, content: { ok: false, problem, object: withSpec<unknown>(undefined) } };
}

/** Of a newer definition there may be many; the first shows what is the matter. */
function describeProblems({ issues }: z.ZodError): string {
  const [first] = issues;
  const place = ['spec', ...(first?.path ?? [])].join('.');
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${place}: ${first?.message ?? 'it is malformed'}${more}`;
}

/** The object, when it is there and can be read. */
export function readableObject<Spec, Status>(
  read: ReadObject<Spec, Status> | undefined,
): KindObject<Spec, Status> | undefined {
  return read?.content.ok === true ? read.content.object : undefined;
}

/** The status of one condition, as far as it was observed at the present generation. */
export function currentConditionStatus(object: WithConditions, type: string): ConditionStatus | undefined {
  const condition = object.status?.conditions?.find((one) => one.type === type);
  return condition?.observedGeneration === object.metadata.generation ? condition.status : undefined;
}

/**
 * The status of one condition as it was observed last, also before the latest edit. For what an edit cannot change (a
 * PromptVersion's text), and for whoever must not flap between an edit and its first look.
 */
export function lastConditionStatus(object: WithConditions, type: string): ConditionStatus | undefined {
  return object.status?.conditions?.find((one) => one.type === type)?.status;
}

type WithConditions = KindObject<unknown, KindStatus>;
