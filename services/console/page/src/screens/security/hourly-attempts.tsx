/** Attempts by hour: what was blocked, and upon it what was not. */
import { useState } from 'preact/hooks';
import type { SecurityAnswer } from '#services/console/api/answers.ts';
import { language } from '../../app/preferences.ts';
import { formatClock } from '../../format/times.ts';
import { sayCountOf } from '../../parts/amounts.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { now } from '../../server/stream.ts';
import { GENERAL } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { SECURITY } from './security-words.ts';

export function HourlyAttempts({ hourly }: Pick<SecurityAnswer, 'hourly'>) {
  const [isTable, setIsTable] = useState(false);
  return (
    <Panel
      title={say(SECURITY.hourly)}
      tools={
        <button
          type="button"
          class="button button--small"
          aria-pressed={isTable}
          onClick={() => setIsTable(!isTable)}
        >
          <Icon name={isTable ? 'activity' : 'table'} />
          {say(isTable ? GENERAL.showChart : GENERAL.showTable)}
        </button>
      }
    >
      {isTable ? (
        <DataTable
          label={say(SECURITY.hourly)}
          rows={hourly.toReversed()}
          keyOf={({ atMicroseconds }) => String(atMicroseconds)}
          columns={[
            {
              title: say(GENERAL.time),
              cell: ({ atMicroseconds }) => <Time at={atMicroseconds} as="both" />,
            },
            { title: say(SECURITY.attempts), isNumber: true, cell: ({ total }) => sayCountOf(total) },
            { title: say(SECURITY.blocked), isNumber: true, cell: ({ blocked }) => sayCountOf(blocked) },
          ]}
        />
      ) : (
        <Columns hourly={hourly} />
      )}
    </Panel>
  );
}

function Columns({ hourly }: Pick<SecurityAnswer, 'hourly'>) {
  const most = Math.max(1, ...hourly.map(({ total }) => total));
  const passed = hourly.reduce((sum, { total, blocked }) => sum + total - blocked, 0);
  const width = 100 / Math.max(1, hourly.length);
  const [first, last] = [hourly[0], hourly.at(-1)];
  const clock = (at: number | undefined): string =>
    at === undefined ? '' : formatClock(language.value, at, now.peek());
  return (
    <div class="panel__body">
      <svg
        class="hours"
        role="img"
        aria-label={say(SECURITY.hourlySummary, {
          count: hourly.length,
          most: sayCountOf(most),
          passed: sayCountOf(passed),
        })}
      >
        {hourly.map(({ atMicroseconds, total, blocked }, at) => {
          const [x, bar] = [`${at * width + width * 0.15}%`, `${width * 0.7}%`];
          const [whole, stopped] = [(total / most) * 100, (blocked / most) * 100];
          return (
            <g key={atMicroseconds}>
              <rect class="hours__blocked" x={x} width={bar} y={`${100 - stopped}%`} height={`${stopped}%`} />
              <rect
                class="hours__passed"
                x={x}
                width={bar}
                y={`${100 - whole}%`}
                height={`${whole - stopped}%`}
              />
            </g>
          );
        })}
        <line class="hours__ground" x1="0" x2="100%" y1="100%" y2="100%" />
      </svg>
      <p class="row row--apart small faint">
        <span>{clock(first?.atMicroseconds)}</span>
        <span class="row">
          <span class="swatch swatch--good" /> {say(SECURITY.blocked)}
          <span class="swatch swatch--bad" /> {say(SECURITY.passed)}
        </span>
        <span>{clock(last?.atMicroseconds)}</span>
      </p>
    </div>
  );
}
