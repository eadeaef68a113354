/** When each thing that took time began, and how long it took, on one line of time. */
import type { RunEntry } from '#services/console/api/answers.ts';
import { Duration } from '../../parts/amounts.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Text } from '../../text/text.tsx';
import { say } from '../../words/say.ts';
import { type Bar, barsOf, isWrong } from './run-steps.ts';
import { RUN } from './runs-words.ts';

export function Waterfall({ entries }: { readonly entries: readonly RunEntry[] }) {
  const bars = barsOf(entries);
  const begin = bars[0]?.beganAtMicroseconds;
  if (begin === undefined) return null;
  const end = Math.max(...bars.map((bar) => bar.beganAtMicroseconds + bar.durationMicroseconds));
  const whole = Math.max(1, end - begin);
  return (
    <Panel title={say(RUN.waterfall)} hint={say(RUN.waterfallHint)}>
      <ol class="waterfall" tabIndex={0} aria-label={say(RUN.waterfall)}>
        {bars.map((bar) => (
          <li key={bar.position} class="waterfall__row">
            <span class="waterfall__name small">
              <Text value={nameOf(bar)} />
            </span>
            <svg class={`waterfall__bar tone--${toneOf(bar)}`} aria-hidden="true">
              <rect
                x={`${((bar.beganAtMicroseconds - begin) / whole) * 100}%`}
                width={`${Math.max(0.6, (bar.durationMicroseconds / whole) * 100)}%`}
                height="100%"
                rx="2"
              />
            </svg>
            <span class="small faint waterfall__took">
              <Duration value={bar.durationMicroseconds} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function nameOf({ record }: Bar): string {
  const name =
    record.type === 'model_attempt' ? record.model : record.type === 'tool_result' ? record.tool : '';
  const step = 'run' in record ? record.run?.step : undefined;
  return step === undefined ? name : `${step} ${name}`;
}

function toneOf({ record }: Bar): string {
  if (isWrong(record)) return 'bad';
  return record.type === 'model_attempt' ? 'info' : 'good';
}
