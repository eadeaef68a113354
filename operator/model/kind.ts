/** Model: says whether the router can use the model, by asking the router. */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import { MODEL } from '#crds/model.ts';
import { kindModule } from '../runtime/kind-module.ts';
import { decideModel } from './decide.ts';
import { createRouterClient } from './observe.ts';
import { createProbeMemory } from './probe-memory.ts';
import { MODELS } from './resources.ts';

export const MODEL_KIND = kindModule({
  definition: MODEL,
  objects: MODELS,
  watches: [],
  // A probe waits for a provider; one that hangs must not hold up the others.
  workers: 8,
  connect: ({ config, random }) => {
    const askRouter = createRouterClient({
      routerUrl: config.pods.routerUrl,
      tokenPath: config.routerTokenPath,
    });
    const memory = createProbeMemory(random);
    return {
      observe: async (model, _, signal) => {
        const { namespace, name } = model.metadata;
        const key = objectKey(model.metadata);
        const remembered =
          memory.recall(key, model.metadata) ??
          memory.record(key, model.metadata, await askRouter(namespace, name, signal));
        return { model, ...remembered };
      },
      forget: memory.forget,
    };
  },
  decide: decideModel,
});
