/** One HTML page that needs nothing else: no script, no font, no address. Whatever an answer holds is text in it. */
import type { JudgedCase, Judgement } from '../judge-evaluation.ts';
import { answerOf, failureOf, figureRows, flipsOf, passesOf } from './case-words.ts';

const ANSWER_MAXIMUM_CHARACTERS = 2_000;
const STYLE = `
:root{color-scheme:light dark;--line:#8884;--good:#18794e;--bad:#c62a2f;--unsure:#946800}
@media(prefers-color-scheme:dark){:root{--good:#4cc38a;--bad:#ff6369;--unsure:#f1a10d}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
th{font-weight:600}td.number{white-space:nowrap}.pass,.Passed{color:var(--good)}.fail,.Failed{color:var(--bad)}
.error,.Inconclusive,.Error{color:var(--unsure)}code,pre{font:13px/1.4 ui-monospace,monospace}
pre{margin:.3rem 0;overflow:auto;padding:.5rem;white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;border-radius:4px}
summary{cursor:pointer}.why{overflow-wrap:anywhere}.tag{border:1px solid var(--line);border-radius:3px;font-size:12px;padding:0 .3rem}
@media(max-width:40rem){body{margin:1rem auto}th,td{padding:.3rem}}`;

export function htmlReport(judgement: Judgement): string {
  const { verdict, cases } = judgement;
  const name = verdict.goldenSet?.name ?? 'Evaluation';
  const { worse, better } = flipsOf(judgement);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(name)}: ${verdict.verdict}</title><style>${STYLE}</style></head><body>
<h1>${text(name)}: <span class="${verdict.verdict}">${verdict.verdict}</span></h1>
<p>${text(verdict.message)}</p>
<table><thead><tr><th></th><th>candidate</th><th>stable</th></tr></thead><tbody>
${figureRows(judgement)
  .map(
    ([title, candidate, stable]) =>
      `<tr><th>${text(title)}</th><td>${text(candidate)}</td><td>${text(stable)}</td></tr>`,
  )
  .join('\n')}
</tbody></table>
${section('Got worse', worse)}
${section('Got better', better)}
${section('All cases', cases)}
</body></html>
`;
}

function section(title: string, cases: readonly JudgedCase[]): string {
  if (cases.length === 0) return `<h2>${title}</h2><p>None.</p>`;
  return `<h2>${title} (${cases.length})</h2>
<table><thead><tr><th>case</th><th>candidate</th><th>stable</th><th>why</th></tr></thead><tbody>
${cases.map(row).join('\n')}
</tbody></table>`;
}

function row(each: JudgedCase): string {
  const tags = [...(each.critical ? ['critical'] : []), ...each.tags.filter((tag) => tag !== 'critical')];
  const marks = tags.map((tag) => ` <span class="tag">${text(tag)}</span>`).join('');
  const why = failureOf(each.candidate) || failureOf(each.stable);
  return `<tr><td><code>${text(each.id)}</code>${marks}</td><td class="number ${each.candidateState}">${passesOf(each.candidate)}</td><td class="number ${each.stableState ?? ''}">${passesOf(each.stable)}</td><td class="why"><details><summary>${text(why.slice(0, 300)) || 'passes'}</summary>${answer('candidate', answerOf(each.candidate))}${each.stableState === undefined ? '' : answer('stable', answerOf(each.stable))}</details></td></tr>`;
}

function answer(of: string, given: string): string {
  return `<div>${of}</div><pre>${text(given.slice(0, ANSWER_MAXIMUM_CHARACTERS))}</pre>`;
}

function text(given: string): string {
  return given
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\0', '\uFFFD');
}
