/** JUnit's XML, as CI systems read it: one test case for each case of the set, and one for the verdict itself. */
import type { JudgedCase, Judgement } from '../judge-evaluation.ts';
import { failureOf, withoutDirections } from './case-words.ts';

export function junitReport({ verdict, cases }: Judgement): string {
  const name = verdict.goldenSet?.name ?? 'golden set';
  const failures = cases.filter(({ candidateState }) => candidateState === 'fail').length;
  const errors = cases.filter(({ candidateState }) => candidateState === 'error').length;
  const isFailed = verdict.verdict === 'Failed';
  const isError = verdict.verdict === 'Inconclusive' || verdict.verdict === 'Error';
  const tests = cases.length + 1;
  const counts = `tests="${tests}" failures="${failures + Number(isFailed)}" errors="${errors + Number(isError)}"`;
  const own = `<testcase classname="${attribute(name)}" name="verdict">${
    isFailed
      ? `<failure message="${attribute(verdict.message)}"/>`
      : isError
        ? `<error message="${attribute(verdict.message)}"/>`
        : ''
  }</testcase>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `<testsuite name="${attribute(name)}" ${counts}>`,
    own,
    ...cases.map((each) => testCase(name, each)),
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(suite: string, each: JudgedCase): string {
  const seconds = each.candidate.reduce(
    (sum, run) => sum + (run.kind === 'judged' ? run.latencyMilliseconds / 1000 : 0),
    0,
  );
  const begin = `<testcase classname="${attribute(suite)}" name="${attribute(each.id)}" time="${seconds.toFixed(3)}"`;
  if (each.candidateState === 'pass') return `${begin}/>`;
  const element = each.candidateState === 'fail' ? 'failure' : 'error';
  return `${begin}><${element} message="${attribute(failureOf(each.candidate))}"/></testcase>`;
}

/** XML knows no control characters, however they are written. */
function attribute(text: string): string {
  return withoutDirections(text)
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/g, (space) => `&#${space.codePointAt(0)};`);
}
