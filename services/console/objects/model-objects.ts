/** A Model as the API server has it, cut down to what the console shows: of its key the name of the Secret, never more. */
import { z } from 'zod';
import type { KubeObject, KubeObjectMeta } from '#adapters/kubernetes/kube-object.ts';
import type { Condition } from '../api/answers.ts';
import { Conditions } from './conditions.ts';

const ModelParts = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
  spec: z.object({
    provider: z.string(),
    model: z.string(),
    endpoint: z.string().optional(),
    keyFrom: z.object({ secretRef: z.object({ name: z.string(), key: z.string().optional() }) }).optional(),
    price: z
      .object({ inputUsdPerMillionTokens: z.string(), outputUsdPerMillionTokens: z.string() })
      .optional(),
  }),
  status: z.object({ conditions: Conditions.optional() }).catch({}).default({}),
});

export interface ModelObject extends KubeObject {
  readonly metadata: KubeObjectMeta & { readonly namespace: string };
  readonly spec: z.infer<typeof ModelParts>['spec'];
  readonly conditions: readonly Condition[];
}

/** Throws on what is no Model. */
export function modelObjectOf(object: KubeObject): ModelObject {
  const { metadata, spec, status } = ModelParts.parse(object);
  return { metadata, spec, conditions: status.conditions ?? [] };
}
