/** How a kind is declared: the zod schemas are the only source; manifests and the reference page follow. */
import { z } from 'zod';
import { type ConditionTable, Conditions } from './conditions.ts';
import type { ObjectMeta } from './object-meta.ts';

/** One column of `kubectl get`. Priority 1 columns show only with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 0 | 1;
}

/** A CEL rule (https://kubernetes.io/docs/reference/using-api/cel/) and the sentence a user sees when it fails. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?:
    | 'FieldValueRequired'
    | 'FieldValueForbidden'
    | 'FieldValueInvalid'
    | 'FieldValueDuplicate';
}

export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: z.ZodType;
  /** Made by `kindStatus`. */
  readonly status: z.ZodType;
  readonly conditions: ConditionTable;
  /** What the reference page says before the table of conditions. */
  readonly conditionsNote?: string;
  /** Rules over the whole object; the only metadata they may read is `metadata.name`. */
  readonly rules?: readonly CelRule[];
  readonly printerColumns: readonly PrinterColumn[];
}

/** An object of a kind as the API server returns it. `status` is absent until the first pass. */
export interface KindObject<Spec, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
  readonly status?: Status;
}

const STATUS_OF_EVERY_KIND = {
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('The metadata.generation that all of the status is about; -1 until the object was looked at.'),
  conditions: Conditions.optional(),
};

/** What every status has. */
export type KindStatus = z.infer<z.ZodObject<typeof STATUS_OF_EVERY_KIND>>;

/**
 * The status of a kind. The default is what an object has before its first pass: GitOps tools take an object that says
 * nothing of `observedGeneration` for finished.
 */
export function kindStatus<Shape extends z.ZodRawShape>(
  shape: Shape,
  description: string,
): z.ZodObject<typeof STATUS_OF_EVERY_KIND & Shape, z.core.$strict> {
  return z
    .strictObject({ ...STATUS_OF_EVERY_KIND, ...shape })
    .meta({ default: { observedGeneration: -1 } })
    .describe(description);
}

/** The `x-kubernetes-validations` entry of a schema node. */
export function celRules(...rules: readonly CelRule[]): { 'x-kubernetes-validations': readonly CelRule[] } {
  return { 'x-kubernetes-validations': rules };
}

/** A list whose entries are merged by the value of these keys, so that two appliers can each own an entry. */
export function listMap(...keys: readonly string[]): Record<string, unknown> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** A list of scalars in which no value may stand twice. */
export const LIST_SET = { 'x-kubernetes-list-type': 'set' } as const;

/** A free-form JSON object that the API server must neither prune nor check. */
export const FREE_FORM = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
