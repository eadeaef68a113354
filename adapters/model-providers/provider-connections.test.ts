import { describe, expect, it } from 'vitest';
import { ProviderConnections } from './provider-connections.ts';

const URL_OF_CHAT = 'https://provider.example/v1/chat?alt=sse';

describe('the way to a provider', () => {
  it('is found again, with the path and the query, and one pool serves an origin', async () => {
    const connections = new ProviderConnections({ allowLoopback: false });
    const route = connections.routeTo(URL_OF_CHAT, 1_000);
    expect(route.path).toBe('/v1/chat?alt=sse');
    expect(connections.routeTo(URL_OF_CHAT, 1_000)).toBe(route);
    expect(connections.routeTo('https://provider.example/v1/models', 1_000)).toMatchObject({
      path: '/v1/models',
      pool: route.pool,
    });
    expect(connections.routeTo(URL_OF_CHAT, 2_000).pool).not.toBe(route.pool);
    await connections.close();
  });

  it('never leads to a pool that was closed because no Model used its origin any more', async () => {
    const connections = new ProviderConnections({ allowLoopback: false });
    const { pool } = connections.routeTo(URL_OF_CHAT, 1_000);
    connections.keepOnly(new Set(['https://provider.example']));
    expect(connections.routeTo(URL_OF_CHAT, 1_000).pool).toBe(pool);
    connections.keepOnly(new Set());
    expect(pool.closed).toBe(true);
    expect(connections.routeTo(URL_OF_CHAT, 1_000).pool.closed).toBe(false);
    await connections.close();
  });
});
