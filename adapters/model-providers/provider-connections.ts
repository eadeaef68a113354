/**
 * One connection pool for each origin and connect limit, kept open between requests. Pools of origins that no Model
 * uses any more are closed by `keepOnly`. Redirects are never followed: the key would follow them.
 */
import { Pool } from 'undici';
import {
  type AddressPolicy,
  BlockedAddressError,
  guardedLookup,
  isBlockedAddress,
} from './blocked-addresses.ts';

const KEEP_ALIVE_MILLISECONDS = 30_000;
const CONNECTIONS_PER_ORIGIN = 4_096;
/** More than the Models of a large cluster have. */
const MOST_ROUTES = 10_000;

/** Where a request goes: the connections to its origin, and its path with the query. */
export interface ProviderRoute {
  readonly pool: Pool;
  readonly path: string;
}

export class ProviderConnections {
  readonly #policy: AddressPolicy;
  readonly #pools = new Map<string, { readonly origin: string; readonly pool: Pool }>();
  /** By connect limit and URL: Models ask the same few URLs again and again, and to read one costs more than to find it. */
  readonly #routes = new Map<string, ProviderRoute>();

  constructor(policy: AddressPolicy) {
    this.#policy = policy;
  }

  /** Throws BlockedAddressError when the origin is a literal address that models may not have, TypeError for no URL. */
  routeTo(url: string, connectMilliseconds: number): ProviderRoute {
    const key = `${connectMilliseconds} ${url}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const parsed = new URL(url);
    const route = {
      pool: this.#poolFor(parsed, connectMilliseconds),
      path: parsed.pathname + parsed.search,
    };
    if (this.#routes.size >= MOST_ROUTES) this.#routes.clear();
    this.#routes.set(key, route);
    return route;
  }

  #poolFor(url: URL, connectMilliseconds: number): Pool {
    const key = `${connectMilliseconds} ${url.origin}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known.pool;
    // A literal address is connected to without any lookup.
    if (isBlockedAddress(url.hostname, this.#policy)) {
      throw new BlockedAddressError('the endpoint is an address that models may not have');
    }
    const pool = new Pool(url.origin, {
      connections: CONNECTIONS_PER_ORIGIN,
      keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
      // The time limits of an attempt are kept by the exchange, exact and one by one.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: connectMilliseconds,
        noDelay: true,
        lookup: guardedLookup(this.#policy),
      },
    });
    this.#pools.set(key, { origin: url.origin, pool });
    return pool;
  }

  /** Closes the pools of all other origins; requests under way on them are finished first. */
  keepOnly(origins: ReadonlySet<string>): void {
    this.#routes.clear();
    for (const [key, { origin, pool }] of this.#pools) {
      if (origins.has(origin)) continue;
      this.#pools.delete(key);
      pool.close().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#routes.clear();
    this.#pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.destroy()));
  }
}
