/** The story of a run as a page. */
import type { RevealedTexts, RunRow } from '#adapters/ledger-reader/ledger-answers.ts';
import { Page } from '../terminal/page.ts';
import { count, counted, dollars, duration, instant, since } from '../terminal/quantities.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { visible } from '../terminal/visible-text.ts';
import { printStep } from './print-step.ts';
import type { RunStory, Told } from './run-story.ts';
import { TextPrinter } from './text-printer.ts';

export function printRun(
  run: RunRow,
  story: RunStory,
  texts: RevealedTexts,
  terminal: Pick<Terminal, 'columns' | 'hasColours'>,
): string {
  const page = new Page(terminal);
  const revealed = new TextPrinter(texts, story.begun?.record.id);
  printHead(page, run, story, revealed);
  for (const step of story.steps) printStep(page, step, run.beganAtMicroseconds, revealed);
  printEnd(page, run, story, revealed);
  printVerdicts(page, story, revealed);
  printSecurity(page, story, run.beganAtMicroseconds);
  printReported(page, story, run.beganAtMicroseconds);
  printMissing(page, story);
  return page.toString();
}

function printHead(page: Page, run: RunRow, { begun }: RunStory, texts: TextPrinter): void {
  const { paint } = page;
  page.heading(`${paint('bold', `Run ${visible(run.id)}`)}  ${statusOf(page, run)}`);
  page.line(
    0,
    'Agent',
    `${paint('bold', visible(run.agent))} in namespace ${visible(run.namespace)}${begun?.record.agent.generation === undefined ? '' : `, generation ${begun.record.agent.generation}`}`,
  );
  if (run.trust !== 'witnessed') {
    page.line(
      0,
      'Trust',
      paint('yellow', `${visible(run.trust)}: this is what the agent says of itself; nobody of ours saw it`),
    );
  }
  if (run.purpose !== undefined) {
    page.line(
      0,
      'Purpose',
      paint(
        'yellow',
        `${visible(run.purpose)}: no user asked for it, and it counts in nothing of production`,
      ),
    );
  }
  page.line(0, 'Asked', askedBy(run, begun));
  if (run.promptVersion !== undefined || run.promptDigest !== undefined)
    page.line(0, 'Prompt', promptOf(run, begun));
  if (begun !== undefined) {
    const { record } = begun;
    texts.print(page, 0, 'Input', record.id, 'input', record.input);
    page.line(0, 'Tools', record.tools.length === 0 ? 'none' : record.tools.map(visible).join(', '));
    const money = record.limits.nanoUsd === undefined ? '' : `, ${dollars(record.limits.nanoUsd)}`;
    page.line(0, 'Limits', `${counted(record.limits.steps, 'step')}, ${record.limits.seconds} s${money}`);
    page.line(0, 'Texts', CONTENT_SENTENCES[record.content](record.contentRetentionDays));
  }
  if (run.traceId !== undefined) page.line(0, 'Trace', visible(run.traceId));
}

const CONTENT_SENTENCES = {
  None: () => 'None: lengths only',
  Digests: () => 'Digests: lengths and commitments, no text is kept',
  Full: (days: number) => `Full: kept encrypted for ${counted(days, 'day')}`,
} as const;

function statusOf(page: Page, run: RunRow): string {
  const reason = run.reason === undefined ? '' : ` (${visible(run.reason)})`;
  const took = run.durationMicroseconds === undefined ? '' : ` after ${duration(run.durationMicroseconds)}`;
  return page.paint(['bold', colourOfStatus(run.status)], visible(run.status) + reason) + took;
}

export function colourOfStatus(status: string): 'green' | 'red' | 'yellow' | 'cyan' {
  if (status === 'succeeded') return 'green';
  if (status === 'failed') return 'red';
  return status === 'running' ? 'cyan' : 'yellow';
}

function askedBy(run: RunRow, begun: Told<'run_begun'> | undefined): string {
  const request = begun?.record.callerRequestId;
  return [
    instant(run.beganAtMicroseconds),
    ...(request === undefined ? [] : [`request ${visible(request)}`]),
    ...(begun === undefined ? [] : [`told by ${visible(begun.entry.reporter)}`]),
  ].join(', ');
}

function promptOf(run: RunRow, begun: Told<'run_begun'> | undefined): string {
  const rollout = begun?.record.prompt?.name;
  const arm =
    run.arm === undefined
      ? ''
      : `, ${visible(run.arm)}${rollout === undefined ? '' : ` of ${visible(rollout)}`}`;
  const digest = run.promptDigest === undefined ? '' : `, sha256 ${visible(run.promptDigest.slice(0, 12))}`;
  return `${visible(run.promptVersion ?? 'unnamed')}${arm}${digest}`;
}

function printEnd(page: Page, run: RunRow, { ended }: RunStory, texts: TextPrinter): void {
  const { paint } = page;
  page.heading(paint('bold', 'End'));
  page.line(1, 'Status', statusOf(page, run));
  if (ended !== undefined) texts.print(page, 1, 'Answer', ended.record.id, 'output', ended.record.output);
  const repairs =
    ended === undefined || ended.record.repairs === 0 ? '' : `, ${counted(ended.record.repairs, 'repair')}`;
  page.line(
    1,
    'Work',
    `${counted(run.steps, 'step')}${repairs}, ${counted(run.modelCalls, 'model call')}, ${counted(run.attempts, 'attempt')}, ${counted(run.toolCalls, 'tool call')}`,
  );
  page.line(1, 'Tokens', `${count(run.inputTokens)} in, ${count(run.outputTokens)} out`);
  const unknown =
    run.attemptsOfUnknownCost === 0
      ? ''
      : paint('yellow', ` and what ${counted(run.attemptsOfUnknownCost, 'attempt')} of unknown price cost`);
  page.line(1, 'Cost', paint('bold', dollars(run.costNanoUsd)) + unknown);
}

const VERDICT_COLOURS = { good: 'green', bad: 'red', neutral: 'yellow' } as const;

function printVerdicts(page: Page, { verdicts }: RunStory, texts: TextPrinter): void {
  if (verdicts.length > 0) page.heading(page.paint('bold', 'Judged'));
  for (const { record } of verdicts) {
    const who =
      record.type === 'feedback' ? `${record.from} ${visible(record.by)}` : `judge ${visible(record.judge)}`;
    const score =
      record.scoreBasisPoints === undefined ? '' : `, ${(record.scoreBasisPoints / 100).toFixed(2)}%`;
    const label = record.label === undefined ? '' : ` (${visible(record.label)})`;
    const verdict = page.paint(VERDICT_COLOURS[record.verdict], record.verdict);
    page.line(
      1,
      'Verdict',
      `${verdict}, ${record.metric}${label}${score}, by ${who}, ${instant(record.atMicroseconds)}`,
    );
    if (record.type === 'feedback') texts.print(page, 2, 'Comment', record.id, 'comment', record.comment);
  }
}

function printSecurity(
  page: Page,
  { securityEvents, accesses }: RunStory,
  beganAtMicroseconds: number,
): void {
  const { paint } = page;
  if (securityEvents.length > 0) page.heading(paint(['bold', 'red'], 'Security'));
  for (const { record } of securityEvents) {
    const lists = record.owasp.length === 0 ? '' : ` [${record.owasp.join(' ')}]`;
    const subject = record.subject === undefined ? '' : ` ${visible(record.subject)}`;
    const when = since(record.atMicroseconds, beganAtMicroseconds);
    page.item(
      `${paint('red', record.severity)} ${record.event}${subject}, ${record.action}${lists} ${when}: ${visible(record.sentence)}`,
    );
  }
  if (accesses.length > 0) page.heading(paint('bold', 'Texts were read or erased'));
  for (const { record } of accesses) {
    const reason = record.reason === undefined ? '' : `: ${visible(record.reason)}`;
    page.item(
      `${record.action} ${counted(record.texts, 'text')} by ${visible(record.by)}, ${instant(record.atMicroseconds)}${reason}`,
    );
  }
}

function printReported(page: Page, { reported }: RunStory, beganAtMicroseconds: number): void {
  if (reported.length === 0) return;
  page.heading(page.paint('yellow', 'Reported by the agent about itself, seen by nobody of ours'));
  for (const { record } of reported) {
    const what = [record.operation, record.modelServed ?? record.modelAsked, record.tool]
      .filter((name) => name !== undefined)
      .map(visible)
      .join(' ');
    const when = since(record.beganAtMicroseconds, beganAtMicroseconds);
    page.item(`${what} ${record.outcome}, ${duration(record.durationMicroseconds)} ${when}`);
  }
}

function printMissing(page: Page, { missing }: RunStory): void {
  if (missing.length > 0) page.heading(page.paint(['bold', 'yellow'], 'Missing'));
  for (const sentence of missing) page.item(visible(sentence));
}
