import { MODEL } from '#crds/model.ts';
import { watchedKind } from '#adapters/kubernetes/watched-resource.ts';

export const MODELS = watchedKind(MODEL);
