/** A real OpenID provider (oidc-provider), at which whoever comes is logged in as the test says without being asked. */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccountClaims, Provider } from 'oidc-provider';

export interface OpenidProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Of the person at the browser. */
  claims: AccountClaims;
}

export const CLIENT_ID = 'capataz-console';
export const CLIENT_SECRET = 'a secret of the client';

export async function startOpenidProvider(redirectUri: string): Promise<OpenidProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: { claims: AccountClaims } = { claims: { sub: 'ana' } };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    claims: { openid: ['sub'], groups: ['groups'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of the test'] },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, accountId) => ({ accountId, claims: () => state.claims }),
  });
  const callback = provider.callback();
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      const login = { accountId: state.claims.sub };
      return await provider.interactionFinished(request, response, { login });
    }
    const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: CLIENT_ID });
    grant.addOIDCScope(String(params['scope']));
    return await provider.interactionFinished(request, response, {
      consent: { grantId: await grant.save() },
    });
  };
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') === true) void interact(request, response);
    else void callback(request, response);
  });
  return Object.assign(state, {
    issuer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
