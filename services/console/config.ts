/** Everything the console reads from its environment. */
import { fileURLToPath } from 'node:url';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';
import { PROCESS_VARIABLES, processSettings, seconds, wholeNumber } from '#process/environment.ts';
import { LOOPBACK_VARIABLES, listeningHost } from '#process/http/loopback.ts';
import type { HeaderDoorSettings } from './sessions/header-door.ts';
import type { OpenidSettings } from './sessions/openid-door.ts';

const LONGEST_SESSION_SECONDS = 3_600;
const HEADER_NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** `10.0.0.0/8, fd00::/8` */
const Networks = z
  .string()
  .default('')
  .transform((text, context) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .flatMap((entry) => {
        if (ipaddr.isValidCIDR(entry)) return [entry];
        context.addIssue({ code: 'custom', message: `${entry} is no network: write it as 10.0.0.0/8` });
        return [];
      }),
  );

const HeaderName = z.string().regex(HEADER_NAME, 'must be the name of a header in lower case');

/** An origin that the pages are opened at: https://console.example.com. */
const Origin = HttpUrl.refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: 'must be scheme, host and port alone, for example https://console.example.com',
});

export const ConsoleConfig = z
  .object({
    ...PROCESS_VARIABLES,
    ...LOOPBACK_VARIABLES,
    /** The kubeconfig file to use; the pod's own ServiceAccount when not given. */
    CAPATAZ_KUBECONFIG: z.string().min(1).optional(),
    /** Requests under way may take so long to finish after SIGTERM; see Drain. */
    CAPATAZ_DRAIN_SECONDS: seconds(0, 3_600).default(10),
    /** Stands in the records of commands as the instance that told them. */
    CAPATAZ_POD_NAME: z.string().min(1).max(253).default('local'),
    /** Of the console itself: records of findings that are of no agent stand there. */
    CAPATAZ_NAMESPACE: z.string().min(1).max(63).default('capataz-system'),
    /** The folder that `npm run build:page` writes. */
    CAPATAZ_PAGE_PATH: z
      .string()
      .min(1)
      .default(() => fileURLToPath(new URL('page/dist', import.meta.url))),
    /** Where people open the console. Needed for OpenID Connect; where given, requests that change something must come from there. */
    CAPATAZ_CONSOLE_URL: Origin.optional(),
    /** Keys that seal sessions, one a line, each 32 bytes in base64: the first seals, all open. Drawn at the start when not given. */
    CAPATAZ_SESSION_KEYS_PATH: z.string().min(1).optional(),
    CAPATAZ_SESSION_SECONDS: wholeNumber(60, LONGEST_SESSION_SECONDS).default(LONGEST_SESSION_SECONDS),
    /** For development without TLS on another address than this machine's own: cookies go over plain HTTP. */
    CAPATAZ_PLAIN_HTTP_COOKIES: z.stringbool().default(false),
    /** Proxies whose X-Forwarded-For is believed, to count logins by address. */
    CAPATAZ_TRUSTED_PROXIES: Networks,
    CAPATAZ_TOKEN_DOOR: z.stringbool().default(true),
    CAPATAZ_TOKEN_COMMAND: z
      .string()
      .max(1_024)
      .default('kubectl create token NAME --namespace NAMESPACE --audience capataz-console'),
    CAPATAZ_OPENID_ISSUER: HttpUrl.optional(),
    CAPATAZ_OPENID_CLIENT_ID: z.string().min(1).max(256).optional(),
    CAPATAZ_OPENID_CLIENT_SECRET_PATH: z.string().min(1).optional(),
    CAPATAZ_OPENID_SCOPES: z.string().max(1_024).default('openid'),
    CAPATAZ_OPENID_USERNAME_CLAIM: z.string().min(1).max(256).default('sub'),
    /** As the API server's --oidc-username-prefix: not given, the issuer and # stand before all but an email. `-` is none. */
    CAPATAZ_OPENID_USERNAME_PREFIX: z.string().max(256).optional(),
    CAPATAZ_OPENID_GROUPS_CLAIM: z.string().min(1).max(256).optional(),
    CAPATAZ_OPENID_GROUPS_PREFIX: z.string().max(256).default(''),
    /** PEM of the authorities that the identity provider's certificate is of; the usual ones when not given. */
    CAPATAZ_OPENID_AUTHORITIES_PATH: z.string().min(1).optional(),
    /** Where requests with the identity of a person in headers may come from. None: there is no such door. */
    CAPATAZ_HEADER_DOOR_NETWORKS: Networks,
    CAPATAZ_HEADER_DOOR_SECRET_PATH: z.string().min(1).optional(),
    CAPATAZ_HEADER_DOOR_SECRET_HEADER: HeaderName.default('x-capataz-proxy-secret'),
    CAPATAZ_HEADER_DOOR_USER_HEADER: HeaderName.default('x-forwarded-user'),
    CAPATAZ_HEADER_DOOR_GROUPS_HEADER: HeaderName.default('x-forwarded-groups'),
    CAPATAZ_HEADER_DOOR_USERNAME_PREFIX: z.string().max(256).default(''),
    CAPATAZ_HEADER_DOOR_GROUPS_PREFIX: z.string().max(256).default(''),
    /** Only what is in this namespace is shown; all namespaces when not given. */
    CAPATAZ_WATCH_NAMESPACE: z.string().min(1).optional(),
    CAPATAZ_OBSERVER_URL: HttpUrl.optional(),
    /** The projected token with the audience capataz-observer. */
    CAPATAZ_OBSERVER_TOKEN_PATH: z.string().min(1).default('/var/run/secrets/capataz-observer/token'),
    CAPATAZ_LEDGER_URL: HttpUrl.optional(),
    /** The projected token with the audience capataz-ledger. */
    CAPATAZ_LEDGER_TOKEN_PATH: z.string().min(1).default('/var/run/secrets/capataz-ledger/token'),
    /** Open live streams of all people together. */
    CAPATAZ_CONSOLE_STREAMS: wholeNumber(1, 100_000).default(1_000),
  })
  .superRefine((environment, context) => {
    const isOpenid = environment.CAPATAZ_OPENID_ISSUER !== undefined;
    const needed = ['CAPATAZ_OPENID_CLIENT_ID', 'CAPATAZ_CONSOLE_URL'] as const;
    for (const name of isOpenid ? needed : []) {
      if (environment[name] !== undefined) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'is needed with CAPATAZ_OPENID_ISSUER',
      });
    }
    const isHeader = environment.CAPATAZ_HEADER_DOOR_NETWORKS.length > 0;
    if (isHeader !== (environment.CAPATAZ_HEADER_DOOR_SECRET_PATH !== undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['CAPATAZ_HEADER_DOOR_SECRET_PATH'],
        message:
          'and CAPATAZ_HEADER_DOOR_NETWORKS are needed both or none: whoever reaches the pod could be anybody otherwise',
      });
    }
  })
  .transform((environment) => ({
    ...processSettings(environment),
    ...listeningHost(environment),
    kubeconfigPath: environment.CAPATAZ_KUBECONFIG,
    drainSeconds: environment.CAPATAZ_DRAIN_SECONDS,
    namespace: environment.CAPATAZ_NAMESPACE,
    podName: environment.CAPATAZ_POD_NAME,
    pagePath: environment.CAPATAZ_PAGE_PATH,
    consoleOrigin: environment.CAPATAZ_CONSOLE_URL,
    sessionKeysPath: environment.CAPATAZ_SESSION_KEYS_PATH,
    sessionSeconds: environment.CAPATAZ_SESSION_SECONDS,
    isPlainHttp: environment.CAPATAZ_PLAIN_HTTP_COOKIES,
    trustedProxies: environment.CAPATAZ_TRUSTED_PROXIES,
    hasTokenDoor: environment.CAPATAZ_TOKEN_DOOR,
    tokenCommand: environment.CAPATAZ_TOKEN_COMMAND,
    openid: openidSettings(environment),
    headerDoor: headerDoorSettings(environment),
    watchNamespace: environment.CAPATAZ_WATCH_NAMESPACE,
    observerUrl: environment.CAPATAZ_OBSERVER_URL,
    observerTokenPath: environment.CAPATAZ_OBSERVER_TOKEN_PATH,
    ledgerUrl: environment.CAPATAZ_LEDGER_URL,
    ledgerTokenPath: environment.CAPATAZ_LEDGER_TOKEN_PATH,
    mostStreams: environment.CAPATAZ_CONSOLE_STREAMS,
  }));
export type ConsoleConfig = z.infer<typeof ConsoleConfig>;

function openidSettings(environment: {
  readonly CAPATAZ_OPENID_ISSUER?: string | undefined;
  readonly CAPATAZ_OPENID_CLIENT_ID?: string | undefined;
  readonly CAPATAZ_OPENID_CLIENT_SECRET_PATH?: string | undefined;
  readonly CAPATAZ_OPENID_SCOPES: string;
  readonly CAPATAZ_OPENID_USERNAME_CLAIM: string;
  readonly CAPATAZ_OPENID_USERNAME_PREFIX?: string | undefined;
  readonly CAPATAZ_OPENID_GROUPS_CLAIM?: string | undefined;
  readonly CAPATAZ_OPENID_GROUPS_PREFIX: string;
  readonly CAPATAZ_OPENID_AUTHORITIES_PATH?: string | undefined;
  readonly CAPATAZ_CONSOLE_URL?: string | undefined;
}): OpenidSettings | undefined {
  const issuer = environment.CAPATAZ_OPENID_ISSUER;
  if (issuer === undefined) return undefined;
  const usernameClaim = environment.CAPATAZ_OPENID_USERNAME_CLAIM;
  const prefix =
    environment.CAPATAZ_OPENID_USERNAME_PREFIX ?? (usernameClaim === 'email' ? '-' : `${issuer}#`);
  return {
    issuer,
    clientId: environment.CAPATAZ_OPENID_CLIENT_ID ?? '',
    clientSecretPath: environment.CAPATAZ_OPENID_CLIENT_SECRET_PATH,
    authoritiesPath: environment.CAPATAZ_OPENID_AUTHORITIES_PATH,
    scopes: environment.CAPATAZ_OPENID_SCOPES,
    consoleOrigin: environment.CAPATAZ_CONSOLE_URL ?? '',
    claims: {
      usernameClaim,
      usernamePrefix: prefix === '-' ? '' : prefix,
      groupsClaim: environment.CAPATAZ_OPENID_GROUPS_CLAIM,
      groupsPrefix: environment.CAPATAZ_OPENID_GROUPS_PREFIX,
    },
  };
}

function headerDoorSettings(environment: {
  readonly CAPATAZ_HEADER_DOOR_NETWORKS: readonly string[];
  readonly CAPATAZ_HEADER_DOOR_SECRET_PATH?: string | undefined;
  readonly CAPATAZ_HEADER_DOOR_SECRET_HEADER: string;
  readonly CAPATAZ_HEADER_DOOR_USER_HEADER: string;
  readonly CAPATAZ_HEADER_DOOR_GROUPS_HEADER: string;
  readonly CAPATAZ_HEADER_DOOR_USERNAME_PREFIX: string;
  readonly CAPATAZ_HEADER_DOOR_GROUPS_PREFIX: string;
}): HeaderDoorSettings | undefined {
  const secretPath = environment.CAPATAZ_HEADER_DOOR_SECRET_PATH;
  return secretPath === undefined
    ? undefined
    : {
        networks: environment.CAPATAZ_HEADER_DOOR_NETWORKS,
        secretPath,
        secretHeader: environment.CAPATAZ_HEADER_DOOR_SECRET_HEADER,
        userHeader: environment.CAPATAZ_HEADER_DOOR_USER_HEADER,
        groupsHeader: environment.CAPATAZ_HEADER_DOOR_GROUPS_HEADER,
        usernamePrefix: environment.CAPATAZ_HEADER_DOOR_USERNAME_PREFIX,
        groupsPrefix: environment.CAPATAZ_HEADER_DOOR_GROUPS_PREFIX,
      };
}
