/** At most ten logins a minute and address: whoever guesses gets nowhere, and the API server is not asked for each guess. */

const MOST_LOGINS = 10;
const WINDOW_MILLISECONDS = 60_000;
/** Addresses that are remembered; beyond them the ones of longest ago are forgotten. */
const MOST_ADDRESSES = 10_000;

export interface LoginLimit {
  /** Undefined: go on. Else so many seconds until the next try. */
  readonly take: (address: string) => number | undefined;
}

export function createLoginLimit(nowMilliseconds: () => number): LoginLimit {
  const tries = new Map<string, readonly number[]>();
  return {
    take: (address) => {
      const now = nowMilliseconds();
      const recent = (tries.get(address) ?? []).filter((at) => now - at < WINDOW_MILLISECONDS);
      const [oldest = now] = recent;
      tries.delete(address);
      if (recent.length >= MOST_LOGINS) {
        tries.set(address, recent);
        return Math.ceil((oldest + WINDOW_MILLISECONDS - now) / 1000);
      }
      tries.set(address, [...recent, now]);
      const [longestAgo] = tries.keys();
      if (tries.size > MOST_ADDRESSES && longestAgo !== undefined) tries.delete(longestAgo);
      return undefined;
    },
  };
}
