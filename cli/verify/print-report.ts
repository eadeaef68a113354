/** A verdict on a log, or on the evidence of one record, as a page. */
import { LOSSES } from '#domain/ledger/verify/verification-report.ts';
import { Page } from '../terminal/page.ts';
import { count, counted, instant } from '../terminal/quantities.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { visible, visibleJson } from '../terminal/visible-text.ts';
import type { Proven } from './verify-offline.ts';
import type { ComparedRows } from './served-rows.ts';
import type { Verified } from './verify-served-log.ts';

const FINDINGS_SHOWN = 50;

type Output = Pick<Terminal, 'columns' | 'hasColours'>;

export function printReport(verified: Verified, terminal: Output): string {
  const page = new Page(terminal);
  const { paint } = page;
  const { report, origin } = verified;
  const verdict = report.isUntouched
    ? paint(['bold', 'green'], 'untouched')
    : paint(['bold', 'red'], 'NOT WHAT WAS SIGNED');
  page.heading(`${paint('bold', `Log of ${visible(verified.namespace)}`)}  ${verdict}`);
  page.line(0, 'Log', visible(origin));
  const since = /\/since-(\d{1,12})$/.exec(origin)?.[1];
  if (since !== undefined) {
    page.line(
      0,
      'Begun anew',
      paint(
        'yellow',
        `${instant(Number(since) * 1e6)}, after a loss that whoever runs the ledger has accepted`,
      ),
    );
  }
  page.line(
    0,
    'Signed',
    `${count(report.size)} ${report.size === 1 ? 'entry' : 'entries'}, of ${counted(report.runs, 'run')}; ${count(report.entries)} were read`,
  );
  page.line(0, 'Witnessed', witnessedOf(page, verified));
  if (report.prunedEntries > 0)
    page.line(0, 'Pruned', `of the oldest ${count(report.prunedEntries)} only the hashes are kept`);
  if (report.entriesBeyondCheckpoint > 0)
    page.line(
      0,
      'Newer',
      `${count(report.entriesBeyondCheckpoint)} are newer than the checkpoint: nothing vouches for them yet`,
    );
  if (report.declaredGaps > 0)
    page.line(
      0,
      'Gaps',
      paint('yellow', `the ledger itself tells of ${counted(report.declaredGaps, 'gap')}`),
    );
  if (verified.rows !== undefined) page.line(0, 'Told', toldOf(page, verified.rows));
  const keys = [...verified.ledgerKeys, ...verified.witnessKeys];
  page.line(0, 'Trusted', keys.map((key) => visible(key.split('+', 2).join('+'))).join(', '));
  writeFound(page, verified);
  return page.toString();
}

function writeFound(page: Page, { report, rows }: Verified): void {
  const { paint } = page;
  if (report.findings.length > 0) page.heading(paint('bold', 'Found'));
  for (const { code, message } of report.findings.slice(0, FINDINGS_SHOWN)) {
    page.item(`${paint(LOSSES.has(code) ? 'yellow' : 'red', code)}: ${visible(message)}`);
  }
  const more = report.findingCount - Math.min(report.findings.length, FINDINGS_SHOWN);
  if (more > 0) page.item(`and ${count(more)} more (-o json shows the first thousand)`);
  const differences = rows?.differences ?? [];
  if (differences.length > 0) page.heading(paint('bold', 'Told otherwise than written'));
  for (const difference of differences.slice(0, FINDINGS_SHOWN)) page.item(visible(difference));
}

/** Whether what the ledger tells of runs and costs is what its entries come to. */
function toldOf(page: Page, { differences, notCompared }: ComparedRows): string {
  if (differences.length > 0)
    return page.paint('red', `${counted(differences.length, 'row')} are not what the entries come to`);
  if (notCompared.length === 0)
    return 'runs, costs, outcomes and security events are what the entries come to';
  return page.paint('yellow', `not held against the entries: ${visible(notCompared.join(' '))}`);
}

function witnessedOf(page: Page, { report, witness }: Verified): string {
  const where = witness === undefined ? '' : `, asked at ${visible(witness)}`;
  if (report.witnessedSize === 0) {
    return page.paint(
      'yellow',
      `nothing${where}: whoever holds the ledger's key could have written all of it anew`,
    );
  }
  const when =
    report.witnessedAtSeconds === undefined ? '' : ` at ${instant(report.witnessedAtSeconds * 1e6)}`;
  return `the first ${count(report.witnessedSize)}${when}${where}`;
}

export function printProven(proven: Proven, terminal: Output): string {
  const page = new Page(terminal);
  page.heading(`${page.paint('bold', 'Evidence')}  ${page.paint(['bold', 'green'], 'proven')}`);
  page.line(0, 'Log', visible(proven.origin));
  page.line(0, 'Place', `entry ${count(proven.index)} of ${count(proven.size)} that are signed`);
  const seen = proven.witnesses.map(
    ({ name, atSeconds }) =>
      `${visible(name)}${atSeconds === undefined ? '' : ` at ${instant(atSeconds * 1e6)}`}`,
  );
  page.line(
    0,
    'Witnessed',
    seen.length > 0
      ? `by ${seen.join(', ')}`
      : page.paint('yellow', 'by nobody that is trusted: only the log vouches for it'),
  );
  page.heading(page.paint('bold', 'Entry'));
  page.quote(0, visibleJson(proven.entry, 2), 100_000);
  return page.toString();
}
