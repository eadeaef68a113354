/** Processor time and memory of an agent's pod: what the Agent says, and defaults that fit to it. */
import type { AgentSpec } from '#crds/agent.ts';

const DEFAULT_CPU_REQUEST = '50m';
const DEFAULT_MEMORY_REQUEST = '160Mi';
const DEFAULT_MEMORY_LIMIT = '384Mi';

interface Amounts {
  readonly cpu?: string;
  readonly memory?: string;
}

/** A default request is never above a given limit, nor a default limit below a given request. */
export function podResources(given: AgentSpec['resources']): {
  readonly requests: Amounts;
  readonly limits: Amounts;
} {
  const { requests = {}, limits = {} } = given ?? {};
  const memoryLimit =
    limits.memory ??
    (requests.memory === undefined ? DEFAULT_MEMORY_LIMIT : larger(requests.memory, DEFAULT_MEMORY_LIMIT));
  return {
    requests: {
      cpu:
        requests.cpu ??
        (limits.cpu === undefined ? DEFAULT_CPU_REQUEST : smaller(limits.cpu, DEFAULT_CPU_REQUEST)),
      memory: requests.memory ?? smaller(memoryLimit, DEFAULT_MEMORY_REQUEST),
    },
    limits: { ...(limits.cpu === undefined ? {} : { cpu: limits.cpu }), memory: memoryLimit },
  };
}

const smaller = (left: string, right: string): string => (quantity(left) <= quantity(right) ? left : right);
const larger = (left: string, right: string): string => (quantity(left) >= quantity(right) ? left : right);

const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Exact enough to compare two amounts; what is sent is the text as it was given. */
function quantity(text: string): number {
  const [, amount = '0', suffix = ''] = /^([0-9.]+)([a-zA-Z]*)$/.exec(text) ?? [];
  return Number(amount) * (FACTORS[suffix] ?? 1);
}
