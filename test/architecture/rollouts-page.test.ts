/** docs/operations/rollouts.md explains whatever a rollout says of itself. */
import { describe, expect, it } from 'vitest';
import { METRIC_VERDICTS, ROLLOUT_DECISIONS, ROLLOUT_PHASES } from '#crds/rollout-progress.ts';
import { EXPOSURE_UNITS, JUDGED_METRICS, ON_INCONCLUSIVE } from '#crds/rollout-release.ts';
import { VERDICTS } from '#domain/evaluation/gate-verdict.ts';
import { REPOSITORY_FILES, matchesIn, textOf } from './source-files.ts';

const PAGE = textOf('docs/operations/rollouts.md') ?? '';
const SOURCES = REPOSITORY_FILES.filter(
  (path) =>
    path.endsWith('.ts') &&
    !path.endsWith('.test.ts') &&
    /^(domain\/rollout|operator\/canary-rollout)\/|^domain\/judging\/canary-judge\.ts$/.test(path),
);

/** Rows of the tables under a heading, each with its columns. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(/^#{2,3} /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const rows = [...section.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
  return rows.slice(1);
}

function codeIn(cell = ''): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

describe('docs/operations/rollouts.md', () => {
  it('says of each phase what to do', () => {
    const phases = tableUnder('Looking').flatMap(([phase]) => codeIn(phase));
    expect(phases).toEqual([...ROLLOUT_PHASES]);
  });

  it('explains each kind of decision and no other', () => {
    const kinds = new Set(tableUnder('Decisions').flatMap(([kind]) => codeIn(kind)));
    expect([...kinds].toSorted()).toEqual([...ROLLOUT_DECISIONS].toSorted());
  });

  it('explains each reason of a decision and of a pause, and none that is never given', () => {
    const given = matchesIn(
      SOURCES.filter((path) => path.startsWith('domain/')),
      /'([A-Z][a-z]\w+)'/g,
    );
    const explained = new Set([
      ...tableUnder('Decisions').flatMap(([, reasons]) => codeIn(reasons)),
      ...tableUnder('Pauses').flatMap(([reason]) => codeIn(reason)),
    ]);
    expect([...explained].filter((reason) => !given.has(reason))).toEqual([]);
    const otherWords = new Set<string>([
      ...ROLLOUT_DECISIONS,
      ...ROLLOUT_PHASES,
      ...METRIC_VERDICTS,
      ...VERDICTS,
      'Running',
      ...JUDGED_METRICS,
      ...EXPOSURE_UNITS,
      ...ON_INCONCLUSIVE,
      'Somebody',
    ]);
    const isWeekday = (word: string): boolean => /^(Sun|Mon|Tue|Wed|Thu|Fri|Sat)$/.test(word);
    const unexplained = [...given].filter((word) => !explained.has(word) && !otherWords.has(word));
    expect(unexplained.filter((word) => !isWeekday(word))).toEqual([]);
  });

  it('quotes only sentences that are said, where it tells why a rollout stands still', () => {
    const quoted = tableUnder('Why it stands still').flatMap(([sentence]) => codeIn(sentence));
    expect(quoted.length).toBeGreaterThan(10);
    const said = SOURCES.map((path) => textOf(path) ?? '').join('\n');
    expect(quoted.filter((sentence) => !said.includes(sentence))).toEqual([]);
  });
});
