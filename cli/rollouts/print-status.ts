/** A CanaryRollout as a person reads it: where it stands, why, and what is missing. */
import { STEP_KINDS } from '#crds/rollout-release.ts';
import { hasCounted } from '#domain/rollout/describe-analysis.ts';
import { counted, duration } from '../terminal/quantities.ts';
import { Page } from '../terminal/page.ts';
import { renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { visible } from '../terminal/visible-text.ts';
import type { MetricOfRollout, Rollout } from './rollout-objects.ts';

const DIGEST_CHARACTERS = 12;
const MICRO_NATS = 1_000_000;

export function printStatus(rollout: Rollout, terminal: Terminal): string {
  const { metadata, status } = rollout;
  const page = new Page(terminal);
  page.heading(
    `${page.paint('bold', visible(metadata.name))}  ${visible(status.phase ?? 'not looked at yet')}`,
  );
  const told = status.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  const lines: Lines = [
    ['', told === '' ? undefined : visible(told)],
    ...releaseLines(rollout),
    ...evidenceLines(status, told),
  ];
  for (const [label, text] of lines) if (text !== undefined) page.line(0, label, text);
  const counted = (status.analysis?.metrics ?? []).filter((metric) => hasCounted(metric));
  return `${page.toString()}${metricsTable(counted)}`;
}

type Lines = readonly (readonly [label: string, text: string | undefined])[];

function releaseLines({ spec, status }: Rollout): Lines {
  const { stable, candidate, exposure, step } = status;
  return [
    ['Stable', versionOf(stable)],
    ['Candidate', candidate && versionOf(candidate)],
    ['Exposed', exposure && exposureOf(exposure)],
    ['Steps', spec.steps && stepsOf(spec.steps, step?.index)],
  ];
}

/** `told`: what stands above already; no sentence is read twice. */
function evidenceLines(
  { candidate, step, gate, analysis, decision, rejected = [] }: Rollout['status'],
  told: string,
): Lines {
  const { problem, missingSamples = 0, missingSeconds } = analysis ?? {};
  const waitsForOutcomes = candidate !== undefined && step?.kind === 'analyse' && missingSamples > 0;
  const given = rejected.map(({ digest, reason }) => `${digest.slice(0, DIGEST_CHARACTERS)} (${reason})`);
  return [
    ['Gate', gate && withReason(gate.verdict, gate.message, told)],
    ['Outcomes', problem === undefined || told.includes(problem) ? undefined : visible(problem)],
    ['Missing', waitsForOutcomes ? missingOf(missingSamples, missingSeconds) : undefined],
    ['Decided', decision && withReason(`${decision.kind} at ${decision.at}`, decision.message, told)],
    ['Rejected', given.length > 0 ? visible(given.join(', ')) : undefined],
  ];
}

function versionOf(version: { readonly name: string; readonly digest: string } | undefined): string {
  return version === undefined
    ? 'none yet'
    : visible(`${version.name}  sha256:${version.digest.slice(0, DIGEST_CHARACTERS)}`);
}

function exposureOf({
  unit,
  percent,
  agents,
  exposedAgents,
}: NonNullable<Rollout['status']['exposure']>): string {
  const share = `${percent} %`;
  return unit === 'Agent'
    ? `${share}: ${exposedAgents} of ${counted(agents, 'agent')}`
    : `${share} of the sessions of ${counted(agents, 'agent')}`;
}

function stepsOf(steps: NonNullable<Rollout['spec']['steps']>, at: number | undefined): string {
  return steps
    .map((step, index) => {
      const kind = STEP_KINDS.find((one) => step[one] !== undefined) ?? '?';
      const text = kind === 'setExposure' ? `${step.setExposure?.percent ?? ''} %` : kind;
      return index === at ? `[${text}]` : text;
    })
    .join(' > ');
}

function withReason(what: string, why: string | undefined, told: string): string {
  if (why === undefined || told.includes(why)) return visible(what);
  return visible(why.startsWith(what) ? why : `${what}: ${why}`);
}

function missingOf(samples: number, seconds: number | undefined): string {
  const wait = seconds === undefined ? '' : `, about ${duration(seconds * 1e6)} at the present rate`;
  return `about ${counted(samples, 'outcome')} of the candidate${wait}`;
}

function metricsTable(metrics: readonly MetricOfRollout[]): string {
  if (metrics.length === 0) return '';
  const odds = (microNats: number): string => `${Math.exp(microNats / MICRO_NATS).toPrecision(2)} : 1`;
  const { lines } = renderTable<MetricOfRollout>(
    [
      { title: 'METRIC', cell: ({ metric }) => metric },
      { title: 'CANDIDATE', cell: ({ candidate }) => shareOf(candidate), isRight: true },
      { title: 'STABLE', cell: ({ stable }) => shareOf(stable), isRight: true },
      { title: 'WORSE', cell: ({ worseMicroNats }) => odds(worseMicroNats), isRight: true },
      { title: 'NOT WORSE', cell: ({ notWorseMicroNats }) => odds(notWorseMicroNats), isRight: true },
      { title: 'VERDICT', cell: ({ verdict }) => verdict },
    ],
    metrics,
  );
  return `\n${lines.join('\n')}\n`;
}

function shareOf({ good, bad }: { readonly good: number; readonly bad: number }): string {
  const total = good + bad;
  return total === 0 ? '-' : `${good} of ${total} (${((100 * good) / total).toFixed(1)} %)`;
}
