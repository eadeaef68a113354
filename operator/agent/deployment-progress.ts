/** How far the Deployment of an Agent has come. */
import { z } from 'zod';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';

const DeploymentProgress = z.object({
  metadata: z.object({ generation: z.int().default(0) }),
  spec: z.object({
    replicas: z.int().default(1),
    template: z
      .object({
        spec: z
          .object({
            volumes: z
              .array(
                z.object({
                  name: z.string(),
                  configMap: z.object({ name: z.string().optional() }).optional(),
                }),
              )
              .default([]),
          })
          .prefault({}),
      })
      .prefault({}),
  }),
  status: z
    .object({
      observedGeneration: z.int().default(0),
      replicas: z.int().default(0),
      updatedReplicas: z.int().default(0),
      readyReplicas: z.int().default(0),
      availableReplicas: z.int().default(0),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
});
export type DeploymentProgress = z.infer<typeof DeploymentProgress>;

export function readDeployment(deployment: KubeObject | undefined): DeploymentProgress | undefined {
  return deployment === undefined ? undefined : DeploymentProgress.safeParse(deployment).data;
}
