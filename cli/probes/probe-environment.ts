/** What the Job of a round was started with. */
import { z } from 'zod';
import { OPTIONAL_PROBE_VARIABLES, PROBE_VARIABLES, type ProbeVariable } from '#domain/probes/probe-entry.ts';

export type ProbeEnvironment = Readonly<Record<ProbeVariable, string>>;

const NAMES = Object.keys(PROBE_VARIABLES) as ProbeVariable[];
const Environment = z.object(
  Object.fromEntries(
    NAMES.map((name) => [
      PROBE_VARIABLES[name],
      OPTIONAL_PROBE_VARIABLES.has(name) ? z.string().default('') : z.string().min(1),
    ]),
  ),
);

/** Throws when one is missing: the operator gives them all. */
export function readProbeEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ProbeEnvironment {
  const given = Environment.parse(environment);
  return Object.fromEntries(
    NAMES.map((name) => [name, given[PROBE_VARIABLES[name]] ?? '']),
  ) as ProbeEnvironment;
}
