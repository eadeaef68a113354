/** Works through all with so many at once. Rejects with the first failure. */
export async function inTurns<Item>(
  all: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = Iterator.from(all);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
