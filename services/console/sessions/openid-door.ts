/**
 * The door of an OpenID provider: authorization code flow with PKCE, state and nonce, all of it on the server. The browser gets
 * no token. Names are those that the API server would give the same person (--oidc-username-claim and its prefix), so that
 * rights given with RBAC mean the same here.
 */
import * as openid from 'openid-client';
import { Agent, fetch as fetchWith } from 'undici';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { isLoopbackHost } from './loopback-host.ts';
import { personOf } from './person.ts';

export interface OpenidClaims {
  readonly usernameClaim: string;
  readonly usernamePrefix: string;
  readonly groupsClaim: string | undefined;
  readonly groupsPrefix: string;
}

export interface OpenidSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecretPath: string | undefined;
  readonly authoritiesPath: string | undefined;
  readonly scopes: string;
  readonly consoleOrigin: string;
  readonly claims: OpenidClaims;
}

export const CALLBACK_PATH = '/v1/session/openid/callback';
const TIMEOUT_SECONDS = 10;
/** The provider's documents are asked for again: keys and endpoints change. */
const DISCOVERY_MILLISECONDS = 600_000;

export interface BegunLogin {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export type Identified =
  | { readonly ok: true; readonly user: UserInfo }
  /** One sentence for the person. */
  | { readonly ok: false; readonly message: string };

export interface OpenidDoor {
  /** Rejects when the provider cannot be reached. */
  readonly begin: () => Promise<BegunLogin>;
  /** `query` is that of the callback, with its `?`. Rejects when the provider cannot be reached or refuses. */
  readonly finish: (query: string, login: Omit<BegunLogin, 'url'>) => Promise<Identified>;
  readonly close: () => Promise<void>;
}

export function createOpenidDoor(
  settings: OpenidSettings,
  {
    clientSecret,
    authorities,
    nowMilliseconds,
  }: {
    readonly clientSecret: string | undefined;
    /** PEM */
    readonly authorities: string | undefined;
    readonly nowMilliseconds: () => number;
  },
): OpenidDoor {
  const issuer = new URL(settings.issuer);
  const isPlain = issuer.protocol === 'http:';
  if (isPlain && !isLoopbackHost(issuer.hostname)) {
    throw new Error(
      'CAPATAZ_OPENID_ISSUER must be an https:// URL: over plain HTTP anybody on the way could be anybody.',
    );
  }
  const redirectUri = `${settings.consoleOrigin}${CALLBACK_PATH}`;
  const dispatcher = new Agent({ connect: authorities === undefined ? {} : { ca: authorities } });
  const askProvider: openid.CustomFetch = async (url, options) =>
    await fetchWith(url, { ...(options as object), dispatcher });

  let known: { readonly configuration: Promise<openid.Configuration>; readonly at: number } | undefined;
  const discover = async (): Promise<openid.Configuration> => {
    const at = nowMilliseconds();
    if (known === undefined || at - known.at > DISCOVERY_MILLISECONDS) {
      const configuration = openid.discovery(
        issuer,
        settings.clientId,
        undefined,
        authenticationOf(clientSecret),
        {
          timeout: TIMEOUT_SECONDS,
          [openid.customFetch]: askProvider,
          // The signature of the ID token is checked as well, although it comes from the provider itself.
          execute: [openid.enableNonRepudiationChecks, ...(isPlain ? [openid.allowInsecureRequests] : [])],
        },
      );
      known = { configuration, at };
      configuration.catch(() => {
        known = undefined;
      });
    }
    return await known.configuration;
  };

  return {
    begin: async () => {
      const configuration = await discover();
      const [state, nonce, verifier] = [
        openid.randomState(),
        openid.randomNonce(),
        openid.randomPKCECodeVerifier(),
      ];
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scopes,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      return { url: url.href, state, nonce, verifier };
    },
    finish: async (query, { state, nonce, verifier }) => {
      const tokens = await openid.authorizationCodeGrant(
        await discover(),
        new URL(`${redirectUri}${query}`),
        {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        },
      );
      return personInClaims(tokens.claims() ?? {}, settings.claims);
    },
    close: async () => dispatcher.destroy(),
  };
}

/** Without a secret the client is a public one, which PKCE alone protects. */
function authenticationOf(clientSecret: string | undefined): openid.ClientAuth {
  return clientSecret === undefined ? openid.None() : openid.ClientSecretBasic(clientSecret);
}

/** As the API server reads an ID token. */
export function personInClaims(
  claims: Readonly<Record<string, unknown>>,
  { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix }: OpenidClaims,
): Identified {
  const username = claims[usernameClaim];
  if (typeof username !== 'string' || username === '') {
    return refused(`The identity provider says nothing in the claim ${usernameClaim} that names you.`);
  }
  // The claim is optional for providers; who says that it is not verified means it.
  if (usernameClaim === 'email' && 'email_verified' in claims && claims['email_verified'] !== true) {
    return refused('The identity provider has not verified your e-mail address.');
  }
  const said = groupsClaim === undefined ? [] : claims[groupsClaim];
  const groups = (Array.isArray(said) ? said : [said]).filter((group) => typeof group === 'string');
  const user = personOf({
    username: usernamePrefix + username,
    groups: groups.map((group) => groupsPrefix + group),
  });
  return user === undefined
    ? refused('The identity provider names you with a name that is reserved, too long or not printable.')
    : { ok: true, user };
}

function refused(message: string): Identified {
  return { ok: false, message };
}
