/** The canvas of a chart over time, by uPlot. Whoever draws one ends it: a chart that is left behind holds its listeners for ever. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { dateOf, formatClock } from '../format/times.ts';
import type { Language } from '../words/languages.ts';
import { colorsAt } from './chart-colors.ts';
import type { TimeMark, TimePoint } from './time-chart.tsx';

export interface TimeChartContent {
  readonly points: readonly TimePoint[];
  readonly marks: readonly TimeMark[];
  readonly sayAmount: (amount: number | null) => string;
  readonly names: {
    readonly amount: string;
    readonly low: string;
    readonly high: string;
    readonly time: string;
  };
  readonly language: Language;
}

const HEIGHT = 240;
const MOST_DOTS = 48;
const FONT = '12px ui-sans-serif, system-ui, sans-serif';
const COLORS = ['accent', 'band', 'good', 'line', 'text-faint', 'warn'] as const;

type Colors = Readonly<Record<(typeof COLORS)[number], string>>;

/** Draws into the element and follows its width; the function that is returned takes all of it away. */
export function drawTimeChart(element: HTMLElement, content: TimeChartContent): () => void {
  const colors = colorsAt(element, COLORS);
  const chart = new uPlot(optionsOf(element.clientWidth, content, colors), dataOf(content), element);
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height: HEIGHT });
  });
  observer.observe(element);
  return () => {
    observer.disconnect();
    chart.destroy();
  };
}

function dataOf({ points }: TimeChartContent): uPlot.AlignedData {
  return [
    points.map(({ atMicroseconds }) => atMicroseconds / 1_000_000),
    points.map(({ usual }) => usual?.high ?? null),
    points.map(({ usual }) => usual?.low ?? null),
    points.map(({ amount }) => amount),
  ];
}

function optionsOf(width: number, content: TimeChartContent, colors: Colors): uPlot.Options {
  const { names, sayAmount, language, points } = content;
  // Nothing but zeros needs no scale: its steps would be billionths.
  const isAllZero = points.every(({ amount, usual }) => (amount ?? 0) === 0 && (usual?.high ?? 0) === 0);
  // A line is drawn between two neighbours: an hour that stands alone is seen as a dot only.
  const hasDots = points.filter(({ amount }) => amount !== null).length < MOST_DOTS;
  // Without a place on the chart there is nothing to say; at one, nothing known is said to be unknown.
  const value = (_: uPlot, amount: number | null, __: number, at: number | null): string =>
    at === null ? '' : sayAmount(amount);
  const axis = {
    stroke: colors['text-faint'],
    font: FONT,
    grid: { stroke: colors.line, width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_, __, most) => [0, (most || 1) * 1.08] } },
    axes: [
      {
        ...axis,
        space: 80,
        values: (_, splits) => splits.map((at) => formatClock(language, at * 1_000_000, Date.now())),
      },
      {
        ...axis,
        size: 74,
        values: (_, splits) => splits.map((amount) => (isAllZero && amount > 0 ? '' : sayAmount(amount))),
      },
    ],
    series: [
      { label: names.time, value: (_, at: number | null) => (at === null ? '' : momentOf(language, at)) },
      { label: names.high, stroke: colors.band, width: 1, points: { show: false }, value },
      { label: names.low, stroke: colors.band, width: 1, points: { show: false }, value },
      {
        label: names.amount,
        stroke: colors.accent,
        width: 2,
        spanGaps: false,
        points: { show: hasDots, size: 5 },
        value,
      },
    ],
    bands: [{ series: [1, 2], fill: colors.band }],
    hooks: { draw: [(chart) => drawMarks(chart, content.marks, colors)] },
  };
}

function momentOf(language: Language, atSeconds: number): string {
  return new Intl.DateTimeFormat(language, {
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(dateOf(atSeconds * 1_000_000));
}

/** An upright line where something was changed. */
function drawMarks(chart: uPlot, marks: readonly TimeMark[], colors: Colors): void {
  const { ctx: pen, bbox } = chart;
  pen.save();
  pen.strokeStyle = colors.warn;
  pen.fillStyle = colors.warn;
  pen.lineWidth = devicePixelRatio;
  pen.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { atMicroseconds } of marks) {
    const x = Math.round(chart.valToPos(atMicroseconds / 1_000_000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    pen.beginPath();
    pen.moveTo(x, bbox.top);
    pen.lineTo(x, bbox.top + bbox.height);
    pen.stroke();
    pen.beginPath();
    pen.arc(x, bbox.top, 3 * devicePixelRatio, 0, Math.PI * 2);
    pen.fill();
  }
  pen.restore();
}
