/** The checked caller of a request, and what may be asked about him. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { UserIdentity } from '#adapters/kubernetes/token-reviewer.ts';
import { agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { ON_BEHALF_HEADER, readOnBehalf } from '#domain/ledger/on-behalf.ts';
import type { CallerIdentity } from './caller-identity.ts';
import { nameOfServiceAccount } from './caller-identity.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { invalidRequest, sendRefusal } from './replies.ts';
import type { PlatformProcess, Teller } from './who-may-tell.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the caller's token was checked, before the body is read. */
    caller: UserIdentity | null;
  }
}

/** Nothing of a request but its headers is read before its caller is known. */
export function checkCallers(
  app: FastifyInstance,
  identity: CallerIdentity,
  parts: Pick<LedgerParts, 'platformWriters'>,
): void {
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    const identified = await identity.identify(request.headers);
    if (!identified.ok) return sendRefusal(reply, identified.refusal);
    const person = request.headers[ON_BEHALF_HEADER];
    if (person === undefined) {
      request.caller = identified.identity;
      return undefined;
    }
    if (platformProcessOf(identified.identity, parts) !== 'console') {
      return sendRefusal(reply, notTheConsole(identified.identity.user.username));
    }
    const user = typeof person === 'string' ? readOnBehalf(person) : undefined;
    if (user === undefined) return sendRefusal(reply, UNREADABLE_PERSON);
    const { username, uid, groups, extra } = user;
    // From here on it is the person who asks, with his own rights and under his own name.
    request.caller = { user: { username, ...(uid !== undefined && { uid }), groups, extra } };
    return undefined;
  });
}

const UNREADABLE_PERSON = invalidRequest(
  `The header ${ON_BEHALF_HEADER} is not a person as domain/ledger/on-behalf.ts writes one.`,
);

function notTheConsole(name: string): Refusal {
  return {
    code: 'not_allowed',
    message: `${name} may ask for nobody else: ${ON_BEHALF_HEADER} is believed of the console's ServiceAccount alone (console= in CAPATAZ_PLATFORM_WRITERS).`,
  };
}

export function callerOf(request: FastifyRequest): UserIdentity {
  if (request.caller === null) throw new Error('A route was reached without a check of the caller.');
  return request.caller;
}

export type TellerResult =
  | { readonly ok: true; readonly teller: Teller; readonly reporter: string }
  | { readonly ok: false; readonly refusal: Refusal };

/** Before his body is read: whoever can tell nothing takes no room from those who can. */
export function refuseStrangers(
  app: FastifyInstance,
  path: string,
  parts: Pick<LedgerParts, 'platformWriters'>,
): void {
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    if (request.method !== 'POST' || request.routeOptions.url !== path) return undefined;
    const caller = callerOf(request);
    const { user, serviceAccount } = caller;
    const mayTell =
      platformProcessOf(caller, parts) !== undefined ||
      (serviceAccount !== undefined &&
        agentNameOfServiceAccount(serviceAccount.serviceAccount) !== undefined);
    return mayTell ? undefined : sendRefusal(reply, notATeller(user.username));
  });
}

/** Undefined: not one of the platform. */
export function platformProcessOf(
  { serviceAccount }: UserIdentity,
  { platformWriters }: Pick<LedgerParts, 'platformWriters'>,
): PlatformProcess | undefined {
  return serviceAccount && platformWriters.get(nameOfServiceAccount(serviceAccount));
}

/** As whom the caller may tell records. */
export async function tellerOf(
  caller: UserIdentity,
  parts: Pick<LedgerParts, 'platformWriters' | 'agentImages'>,
): Promise<TellerResult> {
  const { user, serviceAccount } = caller;
  if (serviceAccount === undefined) return { ok: false, refusal: notATeller(user.username) };
  const process = platformProcessOf(caller, parts);
  if (process !== undefined) {
    return { ok: true, teller: { kind: 'platform', process }, reporter: user.username };
  }
  const name = agentNameOfServiceAccount(serviceAccount.serviceAccount);
  if (name === undefined) return { ok: false, refusal: notATeller(user.username) };
  const { namespace, podName } = serviceAccount;
  const image = await parts.agentImages.ofAgent(namespace, name);
  if (image === 'unknown') return { ok: false, refusal: AGENT_UNKNOWN };
  // A token that somebody made by hand is bound to no pod, so nothing is known of what holds it.
  const runsOurRuntime =
    image === 'ours' && podName?.startsWith(`${serviceAccount.serviceAccount}-`) === true;
  return {
    ok: true,
    teller: { kind: 'agent', namespace, name, runsOurRuntime },
    reporter: user.username,
  };
}

const AGENT_UNKNOWN: Refusal = {
  code: 'token_review_unavailable',
  message:
    'The Agent of the token could not be read because the API server did not answer: try again in a moment.',
  retryAfterSeconds: 1,
};

function notATeller(name: string): Refusal {
  return {
    code: 'not_a_teller',
    message: `${name} may tell no records: agents (agent-NAME) and the ServiceAccounts in CAPATAZ_PLATFORM_WRITERS may.`,
  };
}
