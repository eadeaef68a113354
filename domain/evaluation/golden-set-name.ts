/** How the ConfigMap of a golden set that a PromptVersion names is called: whoever writes it and who mounts it agree here. */
const DIGEST_PREFIX_LENGTH = 12;
const NAME_MAXIMUM_LENGTH = 253;

export function goldenSetConfigMapName(name: string, digest: string): string {
  const suffix = `-${digest.slice(0, DIGEST_PREFIX_LENGTH)}`;
  return `golden-set-${name}`.slice(0, NAME_MAXIMUM_LENGTH - suffix.length) + suffix;
}
