import { MODEL } from '#crds/model.ts';
import { watchedKind } from '../runtime/watched-resource.ts';

export const MODELS = watchedKind(MODEL);
