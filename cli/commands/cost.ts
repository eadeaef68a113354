/** `capataz cost`: what was spent, on what. */
import { type Command, InvalidArgumentError } from 'commander';
import type { CostRow } from '#adapters/ledger-reader/ledger-answers.ts';
import { askForCosts } from '#adapters/ledger-reader/ledger-requests.ts';
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
import { count, counted, dollars } from '../terminal/quantities.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { painter } from '../terminal/terminal.ts';
import { visibleJson } from '../terminal/visible-text.ts';

const OUTPUTS = ['table', 'wide', 'json', 'ndjson'] as const;
/** As they are typed, and as the ledger calls them. */
const GROUPS: Readonly<Record<string, string>> = {
  namespace: 'namespace',
  agent: 'agent',
  model: 'model',
  prompt: 'promptDigest',
  hour: 'hour',
  day: 'day',
};

interface CostFlags extends ConnectionFlags {
  readonly by: readonly string[];
  readonly agent?: string;
  readonly model?: string;
  readonly since?: string;
  readonly limit: number;
  readonly output: (typeof OUTPUTS)[number];
}

export function addCost(program: Command, context: CommandContext): void {
  const command = program
    .command('cost')
    .description('Show what models cost')
    .option('--by <groups>', `sum by any of ${Object.keys(GROUPS).join(', ')}`, parseGroups, ['agent'])
    .option('-a, --agent <name>', 'only what this agent spent')
    .option('-m, --model <name>', 'only what was spent on this Model')
    .option('--since <time>', 'only what was spent since: 1h, 7d, or 2026-11-01')
    .option('--limit <number>', 'show at most so many rows', wholeNumber(1, 10_000), 1000)
    .addOption(outputOption(OUTPUTS).default('table'))
    .addHelpText(
      'after',
      examples([
        ['capataz cost -n support --since 24h', 'by agent'],
        ['capataz cost -A --by namespace,model --since 7d', 'who spends it on what'],
        ['capataz cost --by day -a triage --since 30d', 'day by day'],
      ]),
    )
    .action(async (flags: CostFlags) => await showCosts(flags, context));
  withAllNamespaces(withConnection(command));
}

function parseGroups(text: string): readonly string[] {
  const names = [...new Set(text.split(',').filter((name) => name !== ''))];
  const unknown = names.filter((name) => !Object.hasOwn(GROUPS, name));
  if (names.length > 0 && unknown.length === 0) return names;
  throw new InvalidArgumentError(`It takes any of ${Object.keys(GROUPS).join(', ')}, with commas between.`);
}

async function showCosts(flags: CostFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const from =
    flags.since === undefined ? undefined : parseTime(flags.since, '--since', context.epochMilliseconds());
  await using access = await connect(flags, context);
  const rows = await askForCosts(access.reader, {
    namespace: access.namespace,
    agent: flags.agent,
    model: flags.model,
    from,
    by: flags.by.map((name) => GROUPS[name] ?? name),
    limit: flags.limit,
  });
  if (flags.output === 'json') {
    terminal.write(`${visibleJson({ costs: rows }, 2)}\n`);
    return;
  }
  if (flags.output === 'ndjson') {
    terminal.write(rows.map((row) => `${visibleJson(row)}\n`).join(''));
    return;
  }
  if (rows.length === 0) {
    terminal.note(
      `Nothing was spent in ${access.namespace === undefined ? 'any namespace' : `namespace ${access.namespace}`}.\n`,
    );
    return;
  }
  const total = sumOf(rows);
  const paint = painter(terminal);
  const columns = columnsOf(flags.by, flags.output === 'wide', (text, row) =>
    row === total ? paint('bold', text) : text,
  );
  const { lines } = renderTable<SummedRow>(columns, [
    ...rows.map(exactly),
    ...(rows.length > 1 ? [total] : []),
  ]);
  terminal.write(`${lines.join('\n')}\n`);
  if (total.attemptsOfUnknownCost > 0) {
    terminal.note(
      `What ${counted(total.attemptsOfUnknownCost, 'attempt')} of ${count(total.attempts)} cost is not known, and in no sum: the Models have no price, or the provider told no usage.\n`,
    );
  }
  if (rows.length === flags.limit)
    terminal.note(`Only ${counted(rows.length, 'row')} are shown and summed: --limit shows more.\n`);
}

type SummedRow = Omit<CostRow, 'costNanoUsd'> & { readonly costNanoUsd: bigint };

function exactly(row: CostRow): SummedRow {
  return { ...row, costNanoUsd: BigInt(row.costNanoUsd) };
}

function sumOf(rows: readonly CostRow[]): SummedRow {
  const sum = (of: (row: CostRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    group: {},
    attempts: sum((row) => row.attempts),
    failedAttempts: sum((row) => row.failedAttempts),
    inputTokens: sum((row) => row.inputTokens),
    cachedInputTokens: sum((row) => row.cachedInputTokens),
    cacheWriteTokens: sum((row) => row.cacheWriteTokens),
    outputTokens: sum((row) => row.outputTokens),
    costNanoUsd: rows.reduce((total, row) => total + BigInt(row.costNanoUsd), 0n),
    attemptsOfUnknownCost: sum((row) => row.attemptsOfUnknownCost),
  };
}

function columnsOf(
  by: readonly string[],
  isWide: boolean,
  paint: (text: string, row: SummedRow) => string,
): readonly Column<SummedRow>[] {
  const number = (title: string, cell: (row: SummedRow) => number): Column<SummedRow> => ({
    title,
    cell: (row) => count(cell(row)),
    isRight: true,
    paint,
  });
  const groups = by.map((name, at): Column<SummedRow> => ({
    title: name.toUpperCase(),
    cell: ({ group }) =>
      group[GROUPS[name] ?? name] ??
      (Object.keys(group).length === 0 && at === 0 ? 'TOTAL' : Object.keys(group).length === 0 ? '' : '-'),
    paint,
  }));
  return [
    ...groups,
    { title: 'COST', cell: ({ costNanoUsd }) => dollars(costNanoUsd), isRight: true, paint },
    number('UNKNOWN', (row) => row.attemptsOfUnknownCost),
    number('ATTEMPTS', (row) => row.attempts),
    ...(isWide ? [number('FAILED', (row) => row.failedAttempts)] : []),
    // The classes are disjoint: what is read from a cache or written to one is input as well.
    number('INPUT', (row) => row.inputTokens + row.cachedInputTokens + row.cacheWriteTokens),
    ...(isWide
      ? [
          number('CACHED', (row) => row.cachedInputTokens),
          number('CACHE-WRITE', (row) => row.cacheWriteTokens),
        ]
      : []),
    number('OUTPUT', (row) => row.outputTokens),
  ];
}
