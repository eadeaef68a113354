/** `capataz runs`: which runs there are, and what becomes of them while one watches. */
import { type Command, Option } from 'commander';
import type { RunRow } from '#adapters/ledger-reader/ledger-answers.ts';
import { type RunsQuestion, askForRuns } from '#adapters/ledger-reader/ledger-requests.ts';
import {
  type CommandContext,
  connect,
  examples,
  outputOption,
  wholeNumber,
  withAllNamespaces,
  withConnection,
} from '../command-context.ts';
import type { ConnectionFlags } from '../connection/connect.ts';
import { parseTime } from '../parse-time.ts';
import { age, count, dollars, duration } from '../terminal/quantities.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { type Paint, painter } from '../terminal/terminal.ts';
import { visibleJson } from '../terminal/visible-text.ts';
import { colourOfStatus } from '../trace/print-run.ts';
import { watchRuns } from './watch-runs.ts';

const STATUSES = ['running', 'succeeded', 'stopped', 'failed'] as const;
const OUTPUTS = ['table', 'wide', 'json', 'ndjson'] as const;

interface RunsFlags extends ConnectionFlags {
  readonly agent?: string;
  readonly model?: string;
  readonly status?: (typeof STATUSES)[number];
  readonly since?: string;
  readonly limit: number;
  readonly watch?: true;
  readonly output: (typeof OUTPUTS)[number];
}

export function addRuns(program: Command, context: CommandContext): void {
  const command = program
    .command('runs')
    .description('List the runs of agents, newest first')
    .option('-a, --agent <name>', 'only runs of this agent')
    .option('-m, --model <name>', 'only runs that used this Model')
    .addOption(new Option('--status <status>', 'only runs in this state').choices([...STATUSES]))
    .option('--since <time>', 'only runs that began since: 30m, 1h, 2d, or 2026-11-25T21:00Z')
    .option('--limit <number>', 'show at most so many', wholeNumber(1, 10_000), 50)
    .option('-w, --watch', 'go on printing runs as they begin, change and end')
    .addOption(outputOption(OUTPUTS).default('table'))
    .addHelpText(
      'after',
      examples([
        ['capataz runs -n support --since 1h', 'what ran in the last hour'],
        ['capataz runs -A --status failed -o wide', 'what failed anywhere, and why'],
        ['capataz runs -w -o ndjson | jq .costNanoUsd', 'one line of JSON a change'],
      ]),
    )
    .action(async (flags: RunsFlags) => await listRuns(flags, context));
  withAllNamespaces(withConnection(command));
}

async function listRuns(flags: RunsFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const from =
    flags.since === undefined ? undefined : parseTime(flags.since, '--since', context.epochMilliseconds());
  await using access = await connect(flags, context);
  const { namespace } = access;
  const question: RunsQuestion = {
    namespace,
    agent: flags.agent,
    model: flags.model,
    status: flags.status,
    from,
  };
  const print = createRunPrinter(flags, namespace === undefined, context);
  if (flags.watch === true) {
    await watchRuns({ ...access, question, limit: flags.limit, print, context });
    return;
  }
  const { runs, hasMore } = await askForRuns(access.reader, question, flags.limit);
  if (flags.output === 'json') {
    terminal.write(`${visibleJson({ runs, hasMore }, 2)}\n`);
    return;
  }
  print(runs);
  if (runs.length === 0 && flags.output !== 'ndjson') {
    terminal.note(
      `No runs found in ${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}.\n`,
    );
  }
  if (hasMore)
    terminal.note(`Only the newest ${runs.length} are shown: --limit shows more, --since fewer.\n`);
}

/** Prints rows one call after another; titles once, columns as wide as they have become. */
function createRunPrinter(
  { output, watch }: RunsFlags,
  isOfAllNamespaces: boolean,
  { terminal, epochMilliseconds }: CommandContext,
): (runs: readonly RunRow[]) => void {
  const isLines = output === 'ndjson' || (output === 'json' && watch === true);
  let widths: readonly number[] | undefined;
  return (runs) => {
    if (runs.length === 0) return;
    if (isLines) {
      terminal.write(runs.map((run) => `${visibleJson(run)}\n`).join(''));
      return;
    }
    const columns = columnsOf(isOfAllNamespaces, output === 'wide', epochMilliseconds(), painter(terminal));
    const table = renderTable(columns, runs, {
      hasTitles: widths === undefined,
      ...(widths !== undefined && { widths }),
    });
    ({ widths } = table);
    terminal.write(`${table.lines.join('\n')}\n`);
  };
}

function columnsOf(
  hasNamespace: boolean,
  isWide: boolean,
  nowMilliseconds: number,
  paint: Paint,
): readonly Column<RunRow>[] {
  return [
    ...(hasNamespace ? [{ title: 'NAMESPACE', cell: (run: RunRow) => run.namespace }] : []),
    { title: 'RUN', cell: ({ id }) => id },
    { title: 'AGENT', cell: ({ agent }) => agent },
    { title: 'STATUS', cell: statusOf, paint: (text, { status }) => paint(colourOfStatus(status), text) },
    { title: 'STEPS', cell: ({ steps }) => count(steps), isRight: true },
    { title: 'TOOLS', cell: ({ toolCalls }) => count(toolCalls), isRight: true },
    {
      title: 'TOKENS',
      cell: ({ inputTokens, outputTokens }) => count(inputTokens + outputTokens),
      isRight: true,
    },
    { title: 'COST', cell: costOf, isRight: true },
    {
      title: 'TOOK',
      cell: ({ durationMicroseconds: took }) => (took === undefined ? '-' : duration(took)).replace(' ', ''),
      isRight: true,
    },
    { title: 'AGE', cell: ({ beganAtMicroseconds }) => age(beganAtMicroseconds, nowMilliseconds) },
    ...(isWide ? WIDE : []),
  ];
}

const WIDE: readonly Column<RunRow>[] = [
  {
    title: 'PROMPT',
    cell: ({ promptVersion, promptDigest, arm }) =>
      `${promptVersion ?? promptDigest?.slice(0, 12) ?? '-'}${arm === undefined ? '' : `(${arm})`}`,
  },
  { title: 'MODELS', cell: ({ models }) => models.join(',') || '-' },
  { title: 'ATTEMPTS', cell: ({ attempts }) => count(attempts), isRight: true },
  { title: 'FEEDBACK', cell: ({ good, bad }) => (good + bad === 0 ? '-' : `+${good}/-${bad}`) },
  { title: 'SECURITY', cell: ({ securityEvents }) => count(securityEvents), isRight: true },
  { title: 'TRUST', cell: ({ trust }) => trust },
  { title: 'TRACE', cell: ({ traceId }) => traceId ?? '-' },
];

/** One word for awk: `failed(model_failed)`, and whether records of it are missing. */
function statusOf({ status, reason, isComplete, purpose }: RunRow): string {
  const ofWhat = purpose === undefined ? '' : `,${purpose}`;
  return `${status}${reason === undefined ? '' : `(${reason})`}${isComplete === false ? ',incomplete' : ''}${ofWhat}`;
}

/** `+?`: and something whose price is not known. */
function costOf({ costNanoUsd, attemptsOfUnknownCost }: RunRow): string {
  return `${dollars(costNanoUsd)}${attemptsOfUnknownCost === 0 ? '' : '+?'}`;
}
