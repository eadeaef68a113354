/** Which objects that a repository made are deleted: the oldest that nobody names, beyond those that are kept. */

export interface MadeObject {
  readonly name: string;
  /** Objects of one group are kept together: the name of the prompt or golden set. */
  readonly group: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** `named` are the names of objects that something refers to: they are never among the answer, nor counted. */
export function garbageOf<Made extends MadeObject>(
  made: readonly Made[],
  named: ReadonlySet<string>,
  keep: number,
): readonly Made[] {
  const groups = Map.groupBy(
    made.filter(({ name }) => !named.has(name)),
    ({ group }) => group,
  );
  return [...groups.values()].flatMap((group) =>
    group
      .toSorted(
        (one, other) => other.createdAt.localeCompare(one.createdAt) || one.name.localeCompare(other.name),
      )
      .slice(keep),
  );
}
