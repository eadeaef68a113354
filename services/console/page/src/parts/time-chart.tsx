/** An amount over time with what is usual for it, and what was changed meanwhile. The same stands in a table for whoever wants it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { UsualBand } from '#domain/observation/judged-measure.ts';
import { language, theme } from '../app/preferences.ts';
import { Sentence } from '../text/text.tsx';
import { GENERAL } from '../words/general-words.ts';
import type { Words } from '../words/languages.ts';
import { say } from '../words/say.ts';
import { DataTable } from './data-table.tsx';
import { Icon } from './icon.tsx';
import { Panel } from './panel.tsx';
import { Time } from './time.tsx';

export interface TimePoint {
  readonly atMicroseconds: number;
  readonly amount: number | null;
  readonly usual: UsualBand | null;
}

export interface TimeMark {
  readonly atMicroseconds: number;
  readonly sentence: string;
}

interface TimeChartProps {
  readonly title: string;
  readonly points: readonly TimePoint[];
  readonly marks: readonly TimeMark[];
  readonly sayAmount: (amount: number | null) => string;
}

const WORDS = {
  amount: { en: 'Amount', es: 'Valor' },
  low: { en: 'Usual, low', es: 'Habitual, bajo' },
  high: { en: 'Usual, high', es: 'Habitual, alto' },
  changed: { en: 'Changed', es: 'Cambios' },
  summary: {
    en: '{count} hours, from {least} to {most}; {outside} of them above what is usual. The table has every hour.',
    es: '{count} horas, de {least} a {most}; {outside} por encima de lo habitual. La tabla tiene cada hora.',
  },
  nothing: { en: 'Nothing is known of these hours yet.', es: 'Aún no se sabe nada de estas horas.' },
} as const satisfies Words;

export function TimeChart({ title, points, marks, sayAmount }: TimeChartProps) {
  const [isTable, setIsTable] = useState(false);
  const known = points.flatMap(({ amount }) => (amount === null ? [] : [amount]));
  const tools = (
    <button
      type="button"
      class="button button--small"
      aria-pressed={isTable}
      onClick={() => setIsTable(!isTable)}
    >
      <Icon name={isTable ? 'activity' : 'table'} />
      {say(isTable ? GENERAL.showChart : GENERAL.showTable)}
    </button>
  );
  return (
    <Panel title={title} tools={known.length === 0 ? undefined : tools}>
      {known.length === 0 ? (
        <p class="panel__body soft">{say(WORDS.nothing)}</p>
      ) : isTable ? (
        <PointsTable title={title} points={points} marks={marks} sayAmount={sayAmount} />
      ) : (
        <div class="panel__body">
          <Canvas
            label={say(WORDS.summary, {
              count: points.length,
              least: sayAmount(Math.min(...known)),
              most: sayAmount(Math.max(...known)),
              outside: points.filter(
                ({ amount, usual }) => amount !== null && usual !== null && amount > usual.high,
              ).length,
            })}
            points={points}
            marks={marks}
            sayAmount={sayAmount}
          />
        </div>
      )}
    </Panel>
  );
}

function PointsTable({ title, points, marks, sayAmount }: TimeChartProps) {
  const hour = 3_600_000_000;
  return (
    <div class="table-window">
      <DataTable
        label={title}
        rows={points.toReversed()}
        keyOf={(point) => String(point.atMicroseconds)}
        columns={[
          { title: say(GENERAL.time), cell: (point) => <Time at={point.atMicroseconds} as="both" /> },
          { title: say(WORDS.amount), isNumber: true, cell: (point) => sayAmount(point.amount) },
          { title: say(WORDS.low), isNumber: true, cell: (point) => sayAmount(point.usual?.low ?? null) },
          { title: say(WORDS.high), isNumber: true, cell: (point) => sayAmount(point.usual?.high ?? null) },
          {
            title: say(WORDS.changed),
            cell: ({ atMicroseconds: at }) =>
              marks
                .filter((mark) => mark.atMicroseconds >= at && mark.atMicroseconds < at + hour)
                .map((mark) => <Sentence key={mark.atMicroseconds} value={mark.sentence} />),
          },
        ]}
      />
    </div>
  );
}

type ChartContent = Pick<TimeChartProps, 'points' | 'marks'>;

interface CanvasProps extends Omit<TimeChartProps, 'title'> {
  readonly label: string;
}

function Canvas({ label, points, marks, sayAmount }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const [spoken, shade] = [language.value, theme.value];
  // Points are made anew with each answer, mostly the same ones: the chart is drawn anew when they say something else.
  const content = JSON.stringify({ points, marks });
  useEffect(() => {
    const ends = new AbortController();
    const element = host.current;
    const names = {
      amount: say(WORDS.amount),
      low: say(WORDS.low),
      high: say(WORDS.high),
      time: say(GENERAL.time),
    };
    const draw = async (): Promise<void> => {
      const { drawTimeChart } = await import('./draw-time-chart.ts');
      if (element === null || ends.signal.aborted) return;
      const chart = { ...(JSON.parse(content) as ChartContent), sayAmount, names, language: spoken };
      let end = drawTimeChart(element, chart);
      const again = (): void => {
        end();
        end = drawTimeChart(element, chart);
      };
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again, { signal: ends.signal });
      ends.signal.addEventListener('abort', () => end(), { once: true });
    };
    void draw();
    return () => ends.abort();
  }, [content, spoken, shade, sayAmount]);
  return <div ref={host} class="chart" role="img" aria-label={label} />;
}
