/**
 * For whom the console asks the ledger: a person as the door of the console knows him. The ledger believes it of the console's
 * identity alone, and then judges the person's own rights as if he had come himself.
 */
export const ON_BEHALF_HEADER = 'x-capataz-on-behalf-of';

/** base64url of JSON: names may hold any letter. */
export function writeOnBehalf({
  username,
  uid,
  groups,
  extra,
}: {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}): string {
  return Buffer.from(JSON.stringify({ username, ...(uid !== undefined && { uid }), groups, extra })).toString(
    'base64url',
  );
}
