import { describe, expect, it } from 'vitest';
import type { CaseRun } from '../evaluation-result.ts';
import { DEFAULT_GATE_RULES, type Judgement, judgeEvaluation } from '../judge-evaluation.ts';
import { htmlReport } from './html-report.ts';
import { junitReport } from './junit-report.ts';
import { markdownReport } from './markdown-report.ts';

const HOSTILE =
  '</pre><script>alert(1)</script> @everyone | `code` &amp; https://evil.example www.evil.example #12 \u202Egnp.txt ![x](http://evil.example/x.png)';

function run(pass: boolean, text: string): CaseRun {
  return {
    kind: 'judged',
    repeat: 1,
    isCached: false,
    pass,
    score: pass ? 1 : 0,
    assertions: [{ type: 'equals', line: 1, pass, score: pass ? 1 : 0, weight: 1, reason: text }],
    fitsSchema: true,
    repairs: 0,
    text,
    latencyMilliseconds: 5,
    costNanoUsd: 1_000,
    model: 'm',
  };
}

/** Of 40 cases two got worse and one better. */
function judgement(): Judgement {
  const digest = (letter: string): string => letter.repeat(64);
  return judgeEvaluation(
    {
      goldenSet: { name: 'mails <b>', digest: digest('a'), cases: 40 },
      candidate: { name: 'new', digest: digest('b') },
      stable: { name: 'old', digest: digest('c') },
      model: 'm',
      repeats: 1,
      cases: Array.from({ length: 40 }, (_, at) => ({
        id: `case-${at}`,
        critical: at === 0,
        tags: ['mail'],
        line: at + 1,
        candidate: [run(at > 1, at < 2 ? HOSTILE : 'right')],
        stable: [run(at !== 2, at === 2 ? 'wrong' : 'right')],
      })),
      judge: {
        model: 'judge-1',
        served: ['judge-1'],
        promptDigest: digest('d'),
        votes: 3,
        graded: 80,
        agreement: 0.9417,
        ownAnswers: 0,
        chargedNanoUsd: 12_000_000,
      },
      chargedNanoUsd: 80_000,
    },
    DEFAULT_GATE_RULES,
  );
}

describe('the page of an evaluation', () => {
  const html = htmlReport(judgement());

  it('begins with the verdict, its figures and the smallest drop that it could see, then names every flip both ways', () => {
    const places = [
      '<b class="Failed">Failed</b>',
      'smallest drop it could see',
      'Got worse (2)',
      '<code>case-0</code>',
      '<code>case-1</code>',
      'Got better (1)',
      '<code>case-2</code>',
      'Figures',
      'All cases (40)',
    ].map((part) => html.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it('takes nothing of an answer for markup, and needs nothing from elsewhere', () => {
    expect(html).not.toMatch(/<script|(?:src|href|action)=|url\(|<link|<img|\u202E/i);
    expect(html).toContain('&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('mails &lt;b&gt;');
  });
});

describe('both reports for people', () => {
  it.each([
    ['HTML', htmlReport(judgement())],
    ['Markdown', markdownReport(judgement()).replaceAll('\\', '')],
  ])('name the judge, the digest of its prompt, and how far its votes agreed: %s', (_, report) => {
    expect(report).toContain(
      'Judge: judge-1 (prompt dddddddddddd), 3 votes on each of 80 answers; 94.2 % of the votes agreed with their majority; charged $0.0120.',
    );
  });
});

describe('what an answer writes', () => {
  it('leads nowhere and shows nothing in the Markdown of a pull request', () => {
    const markdown = markdownReport(judgement());
    expect(markdown).toContain('script');
    expect(markdown).not.toMatch(/:\/\/|www\.|#\d|(?<!\\)[[<!`]|@e|\u202E|&amp;[^a]/);
  });

  it('is well-formed in the XML of JUnit', () => {
    const xml = junitReport(judgement());
    expect(xml).not.toMatch(/<script|\u202E/);
    expect(xml.match(/<testcase /g)).toHaveLength(41);
  });
});
