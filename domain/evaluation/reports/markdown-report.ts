/** Markdown for a pull request: the verdict, the figures, and every flip by name. */
import type { JudgedCase, Judgement } from '../judge-evaluation.ts';
import { describeSet, failureOf, figureRows, flipsOf, passesOf, withoutDirections } from './case-words.ts';

/** A comment of GitHub holds 65,536 characters. */
const REPORT_MAXIMUM_CHARACTERS = 60_000;
const FLIPS_MAXIMUM = 100;
const SIGNS = { Passed: '✅', Failed: '❌', Inconclusive: '❔', Error: '⚠️' } as const;

export function markdownReport(judgement: Judgement): string {
  const { verdict } = judgement;
  const { worse, better } = flipsOf(judgement);
  const text = [
    `## ${SIGNS[verdict.verdict]} ${plain(verdict.goldenSet?.name ?? 'Evaluation')}: ${verdict.verdict}`,
    '',
    plain(verdict.message),
    '',
    '| | candidate | stable |',
    '|---|---|---|',
    ...figureRows(judgement).map((row) => `| ${row.map(plain).join(' | ')} |`),
    '',
    ...flips('Got worse', worse),
    ...flips('Got better', better),
    plain(describeSet(judgement)),
    '',
  ].join('\n');
  return text.length <= REPORT_MAXIMUM_CHARACTERS
    ? text
    : `${text.slice(0, REPORT_MAXIMUM_CHARACTERS)}\n\n(cut: the whole is in the other reports)\n`;
}

function flips(title: string, cases: readonly JudgedCase[]): readonly string[] {
  if (cases.length === 0) return [];
  const more = cases.length - FLIPS_MAXIMUM;
  return [
    `### ${title} (${cases.length})`,
    '',
    '| case | candidate | stable | why |',
    '|---|---|---|---|',
    ...cases
      .slice(0, FLIPS_MAXIMUM)
      .map(
        (each) =>
          `| ${plain(each.id)}${each.critical ? ' **critical**' : ''} | ${passesOf(each.candidate)} | ${passesOf(each.stable)} | ${plain((failureOf(each.candidate) || failureOf(each.stable)).slice(0, 200))} |`,
      ),
    ...(more > 0 ? ['', `and ${more} more`] : []),
    '',
  ];
}

/** Answers of models may hold anything: here they mark nothing up, name nobody, lead nowhere and open no table cell. */
function plain(text: string): string {
  return withoutDirections(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll(/:(?=\/\/)|\bwww(?=\.)|#(?=\d)|\bGH-(?=\d)/gi, '$&\u200B')
    .replaceAll(/[\\`*_{}[\]<>()#+!|~$]/g, String.raw`\$&`)
    .replaceAll('@', '@\u200B');
}
