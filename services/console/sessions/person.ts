/** A person that others than the API server vouch for, as the API server would know them. */
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';

/** Names of Kubernetes itself: `system:masters` may do everything. No identity provider gives them. */
const RESERVED = 'system:';
const NAME_MAXIMUM_CHARACTERS = 256;
/** What the API server itself gives to everybody it knows. */
const EVERYBODY = 'system:authenticated';

/** Undefined when the name is empty, too long or one of Kubernetes itself. Reserved groups are dropped. */
export function personOf({
  username,
  groups,
}: {
  readonly username: string;
  readonly groups: readonly string[];
}): UserInfo | undefined {
  if (!isGood(username)) return undefined;
  return { username, groups: [...new Set([...groups.filter(isGood), EVERYBODY])], extra: {} };
}

function isGood(name: string): boolean {
  return (
    name !== '' &&
    name.length <= NAME_MAXIMUM_CHARACTERS &&
    !name.startsWith(RESERVED) &&
    // Printable in every alphabet: no name may look like another by what is not seen.
    /^[^\p{C}]+$/u.test(name)
  );
}
