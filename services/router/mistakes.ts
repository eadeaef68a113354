/** What went wrong inside the router itself: logged with the request's id and counted, never told to a caller. */
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '#telemetry/logger.ts';

export interface Mistakes {
  readonly report: (error: unknown, requestId?: string) => void;
}

export function createMistakes(logger: Logger, registry: Registry): Mistakes {
  const mistakes = new Counter({
    name: 'capataz_router_mistakes_total',
    help: 'Errors inside the router itself. Each has a line in the log.',
    registers: [registry],
  });
  return {
    report: (error, requestId) => {
      mistakes.inc();
      logger.error({ ...describe(error), requestId }, 'the router made a mistake');
    },
  };
}

/** Errors of parsers quote what they parse, which is somebody's prompt: the name and the place are enough to go by. */
function describe(error: unknown): { readonly mistake: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { mistake: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { mistake: error.name, stack: frames.slice(0, 12).join('\n') };
}
