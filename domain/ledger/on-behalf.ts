/**
 * For whom the console asks the ledger: a person as the door of the console knows him. The ledger believes it of the console's
 * identity alone, and then judges the person's own rights as if he had come himself.
 */
import { z } from 'zod';

export const ON_BEHALF_HEADER = 'x-capataz-on-behalf-of';

/** A header of 16 KiB has to hold it beside the token. */
const MAXIMUM_CHARACTERS = 9_000;
const Name = z.string().max(2_048);

const Person = z.strictObject({
  username: Name.min(1),
  uid: Name.optional(),
  groups: z.array(Name).max(1_000),
  extra: z.record(Name, z.array(Name).max(100)),
});
export type OnBehalfOf = z.infer<typeof Person>;

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

/** Undefined for what is none. */
export function readOnBehalf(header: string): OnBehalfOf | undefined {
  if (header.length > MAXIMUM_CHARACTERS || !/^[\w-]+$/.test(header)) return undefined;
  try {
    return Person.safeParse(JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
