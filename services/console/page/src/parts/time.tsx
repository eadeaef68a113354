import { language } from '../app/preferences.ts';
import { dateOf, formatClock, formatInBothZones, formatRelative } from '../format/times.ts';
import { now } from '../server/stream.ts';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';

interface TimeProps {
  readonly at: number | null | undefined;
  /** `ago`: how long ago, with both zones in the title. `both`: local time and UTC. `clock`: hour and minute. */
  readonly as?: 'ago' | 'both' | 'clock';
}

export function Time({ at, as = 'ago' }: TimeProps) {
  if (at === null || at === undefined) return <span class="unknown">{say(GENERAL.unknown)}</span>;
  const whole = formatInBothZones(language.value, at);
  const text = {
    ago: () => formatRelative(language.value, at, now.value),
    both: () => whole,
    clock: () => formatClock(language.value, at, now.peek()),
  }[as]();
  return (
    <time
      class={as === 'both' ? 'time time--both' : 'time'}
      dateTime={dateOf(at).toISOString()}
      title={whole}
    >
      {text}
    </time>
  );
}
