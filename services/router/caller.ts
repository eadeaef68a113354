/** Which callers may do what: agents that exist may call models, the platform may ask about Models, nobody else anything. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { RoutableAgent } from '#domain/routing/routable-model.ts';
import type { CallerIdentity, Identified } from './caller-identity.ts';
import type { RouterSnapshot } from './model-registry.ts';

export type CallerResult =
  | { readonly ok: true; readonly agent: RoutableAgent }
  | { readonly ok: false; readonly refusal: Refusal };

export type PlatformResult = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal };

export interface CallerChecks {
  readonly agent: (
    headers: IncomingHttpHeaders,
    snapshot: RouterSnapshot,
  ) => CallerResult | Promise<CallerResult>;
  readonly platform: (headers: IncomingHttpHeaders) => Promise<PlatformResult>;
}

export function createCallerChecks({ identify }: CallerIdentity): CallerChecks {
  return {
    agent: (headers, snapshot) => {
      const identified = identify(headers);
      return identified instanceof Promise
        ? identified.then((each) => findAgent(each, snapshot))
        : findAgent(identified, snapshot);
    },
    platform: async (headers) => {
      const identified = await identify(headers);
      if (!identified.ok) return identified;
      return identified.caller.kind === 'platform' ? { ok: true } : { ok: false, refusal: NOT_THE_PLATFORM };
    },
  };
}

function findAgent(identified: Identified, snapshot: RouterSnapshot): CallerResult {
  if (!identified.ok) return identified;
  const { caller } = identified;
  if (caller.kind !== 'agent') return { ok: false, refusal: notAnAgent(caller.name) };
  const { namespace, name } = caller;
  const agent = snapshot.agents.get(`${namespace}/${name}`);
  return agent === undefined ? { ok: false, refusal: unknownAgent(namespace, name) } : { ok: true, agent };
}

const NOT_THE_PLATFORM: Refusal = {
  code: 'not_the_platform',
  message:
    'Only the ServiceAccounts in CAPATAZ_PLATFORM_SERVICE_ACCOUNTS of the router may call /internal: add yours there if it belongs to the platform.',
};

function notAnAgent(name: string): Refusal {
  return {
    code: 'not_an_agent',
    message: `${name} belongs to no agent: create an Agent and use its ServiceAccount agent-<name>.`,
  };
}

function unknownAgent(namespace: string, name: string): Refusal {
  return {
    code: 'unknown_agent',
    message: `There is no Agent ${name} in namespace ${namespace} (any more): create it, or wait a moment if it was created just now.`,
  };
}
