import { PROMPT_REPOSITORY } from '#crds/prompt-repository.ts';
import { API_GROUP } from '#crds/object-meta.ts';
import { type WatchedResource, watchedKind, watchedObjects } from '#adapters/kubernetes/watched-resource.ts';

/** On everything that a PromptRepository makes, with the name of it. */
export const REPOSITORY_LABEL = `${API_GROUP}/prompt-repository`;

export const PROMPT_REPOSITORIES = watchedKind(PROMPT_REPOSITORY);

/** The golden sets that repositories made, without what is in them. */
export const GOLDEN_SET_CONFIG_MAPS: WatchedResource = {
  ...watchedObjects({ groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' }, REPOSITORY_LABEL),
  read: ({ metadata }) => ({ metadata }),
};
