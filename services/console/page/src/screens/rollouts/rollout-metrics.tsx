import type { Arm, RolloutMetric } from '#services/console/api/answers.ts';
import { sayCountOf, sayScore, sayShare } from '../../parts/amounts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Meter } from '../../parts/meter.tsx';
import type { Tone } from '../../parts/tone.ts';
import { METRIC_VERDICTS, METRICS, ROLLOUT } from '../../rollouts/rollout-words.ts';
import { GENERAL } from '../../words/general-words.ts';
import { say, sayCode } from '../../words/say.ts';
import { evidenceShare, rateScale } from './e-value.ts';

const VERDICT_TONES: Readonly<Record<string, Tone>> = {
  Worse: 'bad',
  NotWorse: 'good',
  EnvironmentDrift: 'warn',
  Undecided: 'quiet',
};

export function RolloutMetrics({ metrics }: { readonly metrics: readonly RolloutMetric[] }) {
  return (
    <DataTable
      label={say(ROLLOUT.evidence)}
      rows={metrics}
      keyOf={({ metric }) => metric}
      columns={[
        {
          title: say(ROLLOUT.metric),
          cell: ({ metric, isWanted }) => (
            <>
              {sayCode(METRICS, metric)}
              {isWanted ? null : <span class="small faint"> {say(ROLLOUT.notWanted)}</span>}
            </>
          ),
        },
        {
          title: say(ROLLOUT.verdict),
          cell: ({ verdict }) => (
            <Badge tone={VERDICT_TONES[verdict] ?? 'quiet'}>{sayCode(METRIC_VERDICTS, verdict)}</Badge>
          ),
        },
        { title: say(ROLLOUT.arms), cell: (metric) => <Arms metric={metric} /> },
        {
          title: say(ROLLOUT.worse),
          cell: ({ worse, worseThreshold }) => (
            <Evidence value={worse} threshold={worseThreshold} tone="bad" />
          ),
        },
        {
          title: say(ROLLOUT.notWorse),
          cell: ({ notWorse, notWorseThreshold }) => (
            <Evidence value={notWorse} threshold={notWorseThreshold} tone="good" />
          ),
        },
        {
          title: say(ROLLOUT.needed),
          isNumber: true,
          cell: ({ missingSamples }) =>
            missingSamples === null ? (
              <span class="unknown">{say(GENERAL.unknown)}</span>
            ) : (
              sayCountOf(missingSamples)
            ),
        },
      ]}
    />
  );
}

function Evidence({
  value,
  threshold,
  tone,
}: {
  readonly value: number;
  readonly threshold: number;
  readonly tone: Tone;
}) {
  const text = say(ROLLOUT.eValue, { value: sayScore(value), threshold: sayScore(threshold) });
  return (
    <span class="score">
      <Meter share={evidenceShare(value, threshold)} thresholdShare={1} tone={tone} label={text} />
      <span class="small faint" aria-hidden="true">
        {text}
      </span>
    </span>
  );
}

/** Both arms on one scale, each with its interval. */
function Arms({ metric: { candidate, stable } }: { readonly metric: RolloutMetric }) {
  const from = rateScale([candidate.low, stable.low]);
  return (
    <span class="intervals">
      <ArmLine title={say(ROLLOUT.candidate)} arm={candidate} from={from} tone="info" />
      <ArmLine title={say(ROLLOUT.stable)} arm={stable} from={from} tone="quiet" />
    </span>
  );
}

interface ArmLineProps {
  readonly title: string;
  readonly arm: Arm;
  readonly from: number;
  readonly tone: Tone;
}

function ArmLine({ title, arm, from, tone }: ArmLineProps) {
  const { rate, low, high } = arm;
  const place = (value: number): string => `${((value - from) / (1 - from)) * 100}%`;
  const text =
    rate === null
      ? say(ROLLOUT.noOutcomes)
      : say(ROLLOUT.arm, {
          rate: sayShare(rate),
          low: sayShare(low),
          high: sayShare(high),
          good: sayCountOf(arm.good),
          outcomes: sayCountOf(arm.outcomes),
        });
  return (
    <span class={`interval tone--${tone}`}>
      <span class="small faint">{title}</span>
      <svg class="interval__picture" aria-hidden="true">
        <line class="interval__scale" x1="0" x2="100%" y1="50%" y2="50%" />
        {rate === null || low === null || high === null ? null : (
          <>
            <line class="interval__range" x1={place(low)} x2={place(high)} y1="50%" y2="50%" />
            <circle class="interval__rate" cx={place(rate)} cy="50%" r="4" />
          </>
        )}
      </svg>
      <span class="small">{text}</span>
    </span>
  );
}
