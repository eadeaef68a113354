/** What the console counts of itself. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Button } from './rollouts/rollout-buttons.ts';
import type { Door } from './sessions/session.ts';

export interface ConsoleMetrics {
  readonly login: (door: Door, outcome: 'accepted' | 'refused' | 'limited') => void;
  readonly command: (verb: Button, outcome: 'done' | 'refused') => void;
}

export function createConsoleMetrics(
  registry: Registry,
  {
    streams,
    isObserverFollowed,
  }: { readonly streams: () => number; readonly isObserverFollowed: () => boolean },
): ConsoleMetrics {
  const logins = new Counter({
    name: 'capataz_console_logins_total',
    help: 'Logins by door and outcome: accepted, refused, limited.',
    labelNames: ['door', 'outcome'] as const,
    registers: [registry],
  });
  const commands = new Counter({
    name: 'capataz_console_commands_total',
    help: 'Commands to rollouts by verb and outcome: done, refused.',
    labelNames: ['verb', 'outcome'] as const,
    registers: [registry],
  });
  registry.registerMetric(gaugeOf('capataz_console_streams', 'Open live streams: about one a tab.', streams));
  registry.registerMetric(
    gaugeOf(
      'capataz_console_observer_followed',
      '1 while the news of the observer come; else what it knew last is shown.',
      () => (isObserverFollowed() ? 1 : 0),
    ),
  );
  return {
    login: (door, outcome) => logins.inc({ door, outcome }),
    command: (verb, outcome) => commands.inc({ verb, outcome }),
  };
}

function gaugeOf(name: string, help: string, value: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(value());
    },
  });
}
