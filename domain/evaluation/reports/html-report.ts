/** One HTML page that needs nothing else: no script, no font, no address. Whatever an answer holds is text in it. */
import { percent } from '../describe-verdict.ts';
import type { JudgedCase, Judgement } from '../judge-evaluation.ts';
import {
  answerOf,
  describeSet,
  failureOf,
  figureRows,
  flipsOf,
  passesOf,
  withoutDirections,
} from './case-words.ts';

const ANSWER_MAXIMUM_CHARACTERS = 2_000;
const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#5c6670;--line:#dfe3e8;--good:#18794e;--bad:#c62a2f;--unsure:#8a5d00;--shade:#f0f2f5}
@media(prefers-color-scheme:dark){:root{--page:#111418;--card:#191d23;--ink:#e6e9ed;--soft:#98a2ad;--line:#2d333b;--good:#4cc38a;--bad:#ff7b80;--unsure:#f1b43d;--shade:#222831}}
*{box-sizing:border-box}body{background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1.5rem 1rem 3rem}
header,section{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 1rem;padding:1rem 1.25rem}
header{border-left:6px solid currentColor}header>*{color:var(--ink)}h1{align-items:baseline;display:flex;flex-wrap:wrap;font-size:1.4rem;gap:.3rem 1rem;margin:0}
h1 b{font-size:1.4rem}h2{font-size:1.1rem;margin:0 0 .5rem}p{margin:.5rem 0 0;max-width:52rem}.soft{color:var(--soft)}
ul.figures{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(7.75rem,1fr));list-style:none;margin:1rem 0 0;padding:0}
.figures li{background:var(--shade);border-radius:6px;padding:.5rem .75rem}.figures b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
.pass,.better,.Passed{color:var(--good)}.fail,.worse,.Failed{color:var(--bad)}.error,.Inconclusive,.Error{color:var(--unsure)}
table{border-collapse:collapse;width:100%}th,td{border-top:1px solid var(--line);padding:.4rem .6rem;text-align:left;vertical-align:top}
thead th{border-top:0;color:var(--soft);font-size:13px;font-weight:600}th{font-weight:500}td.number{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}
code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}pre{background:var(--shade);border-radius:6px;margin:.2rem 0 .6rem;max-height:24rem;overflow:auto;padding:.6rem;white-space:pre-wrap}
summary{cursor:pointer}.why{overflow-wrap:anywhere;width:60%}.tag{border:1px solid var(--line);border-radius:99px;color:var(--soft);font-size:12px;padding:0 .45rem;white-space:nowrap}
.tag.critical{border-color:currentColor;color:var(--bad)}
@media(max-width:40rem){body{padding:.5rem}header,section{padding:.75rem}.cases thead{display:none}.cases tr{border-top:1px solid var(--line);display:block;padding:.5rem 0}.cases td{border:0;display:block;padding:.1rem 0;width:auto}.cases td[data-of]::before{color:var(--soft);content:attr(data-of) " ";font-weight:400}}
@media print{details>*{display:block}}`;

export function htmlReport(judgement: Judgement): string {
  const { verdict, cases } = judgement;
  const name = verdict.goldenSet?.name ?? 'Evaluation';
  const { worse, better } = flipsOf(judgement);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(name)}: ${verdict.verdict}</title><style>${STYLE}</style></head><body>
<header class="${verdict.verdict}"><h1>${text(name)} <b class="${verdict.verdict}">${verdict.verdict}</b></h1>
<p>${text(withoutVerdict(verdict))}</p>
${tiles(judgement)}</header>
${section('Got worse', 'worse', worse)}
${section('Got better', 'better', better)}
<section><h2>Figures</h2><table><thead><tr><th></th><th>candidate</th><th>stable</th></tr></thead><tbody>
${figureRows(judgement)
  .map(
    ([title, candidate, stable]) =>
      `<tr><th>${text(title)}</th><td>${text(candidate)}</td><td>${text(stable)}</td></tr>`,
  )
  .join('\n')}
</tbody></table><p class="soft">${text(describeSet(judgement))}</p></section>
${section('All cases', '', cases)}
</body></html>
`;
}

/** The heading says it already. */
function withoutVerdict({ verdict, message }: Judgement['verdict']): string {
  return message.startsWith(`${verdict}: `) ? message.slice(verdict.length + 2) : message;
}

/** What decides, in large figures. */
function tiles(judgement: Judgement): string {
  const { verdict } = judgement;
  const { worse, better } = flipsOf(judgement);
  const share = (basisPoints: number | null): string =>
    basisPoints === null ? 'none' : percent(basisPoints);
  const { candidate, stable } = verdict;
  const shown: readonly (readonly [string, string, string?])[] = [
    ...(candidate === null ? [] : [['candidate passes', share(candidate.passedBasisPoints)] as const]),
    ...(stable === null ? [] : [['stable passes', share(stable.passedBasisPoints)] as const]),
    ...(verdict.lowerBoundBasisPoints === null
      ? []
      : [
          [
            `surely at least; floor ${share(verdict.floorBasisPoints)}`,
            share(verdict.lowerBoundBasisPoints),
          ] as const,
        ]),
    ...(stable === null
      ? []
      : [
          ['got worse', String(worse.length), worse.length > 0 ? 'worse' : ''] as const,
          ['got better', String(better.length), better.length > 0 ? 'better' : ''] as const,
          ['p, McNemar exact', (verdict.mcNemarP ?? 1).toFixed(3)] as const,
          ['smallest drop it could see', share(verdict.detectableDropBasisPoints)] as const,
        ]),
  ];
  if (shown.length === 0) return '';
  const items = shown.map(
    ([title, figure, kind = '']) =>
      `<li><b class="${kind}">${text(figure)}</b><span class="soft">${text(title)}</span></li>`,
  );
  return `<ul class="figures">${items.join('')}</ul>`;
}

function section(title: string, kind: string, cases: readonly JudgedCase[]): string {
  if (cases.length === 0) return `<section><h2>${title}</h2><p class="soft">None.</p></section>`;
  return `<section><h2 class="${kind}">${title} (${cases.length})</h2>
<table class="cases"><thead><tr><th>case</th><th>candidate</th><th>stable</th><th>why</th></tr></thead><tbody>
${cases.map(row).join('\n')}
</tbody></table></section>`;
}

function row(each: JudgedCase): string {
  const tags = [...(each.critical ? ['critical'] : []), ...each.tags.filter((tag) => tag !== 'critical')];
  const marks = tags
    .map((tag) => ` <span class="tag${tag === 'critical' ? ' critical' : ''}">${text(tag)}</span>`)
    .join('');
  const why = failureOf(each.candidate) || failureOf(each.stable);
  return `<tr><td><code>${text(each.id)}</code>${marks}</td><td data-of="candidate" class="number ${each.candidateState}">${passesOf(each.candidate)}</td><td data-of="stable" class="number ${each.stableState ?? ''}">${passesOf(each.stable)}</td><td class="why"><details><summary>${text(why.slice(0, 300)) || 'passes'}</summary>${answer('candidate', answerOf(each.candidate))}${each.stableState === undefined ? '' : answer('stable', answerOf(each.stable))}</details></td></tr>`;
}

function answer(of: string, given: string): string {
  return `<div class="soft">${of}</div><pre>${text(given.slice(0, ANSWER_MAXIMUM_CHARACTERS))}</pre>`;
}

function text(given: string): string {
  return withoutDirections(given)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\0', '\uFFFD');
}
