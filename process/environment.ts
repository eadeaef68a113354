/**
 * The environment of a process, checked whole before anything starts. A variable that is there and empty is one that
 * is not set: that is what a chart leaves behind.
 */
import { z } from 'zod';
import { LOG_LEVELS } from '#telemetry/logger.ts';

export const wholeNumber = (least: number, most: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const seconds = (least: number, most: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,3})?$/, 'must be a number of seconds')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

/** What every process reads. */
export const PROCESS_VARIABLES = {
  CAPATAZ_PORT: wholeNumber(0, 65_535).default(8080),
  CAPATAZ_METRICS_PORT: wholeNumber(0, 65_535).default(9090),
  CAPATAZ_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  /** Part of the drain time; see Drain. */
  CAPATAZ_DRAIN_LEAD_SECONDS: seconds(0, 300).default(5),
} as const;

type ProcessEnvironment = z.output<z.ZodObject<typeof PROCESS_VARIABLES>>;

export interface ProcessSettings {
  readonly port: number;
  readonly metricsPort: number;
  readonly logLevel: ProcessEnvironment['CAPATAZ_LOG_LEVEL'];
  readonly drainLeadSeconds: number;
}

export function processSettings(environment: ProcessEnvironment): ProcessSettings {
  return {
    port: environment.CAPATAZ_PORT,
    metricsPort: environment.CAPATAZ_METRICS_PORT,
    logLevel: environment.CAPATAZ_LOG_LEVEL,
    drainLeadSeconds: environment.CAPATAZ_DRAIN_LEAD_SECONDS,
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type ReadEnvironment<Settings> =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly message: string };

/** `message` names every variable that is missing or wrong, one on a line. */
export function readEnvironment<Settings>(
  processName: string,
  schema: z.ZodType<Settings>,
  environment: Environment,
): ReadEnvironment<Settings> {
  const given = Object.entries(environment).filter(([, value]) => value !== '');
  const parsed = schema.safeParse(Object.fromEntries(given), {
    error: ({ input }) => (input === undefined ? 'is not set' : undefined),
  });
  if (parsed.success) return { ok: true, settings: parsed.data };
  return {
    ok: false,
    message: `The environment of the ${processName} is not valid:\n${z.prettifyError(parsed.error)}`,
  };
}
