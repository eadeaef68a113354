/** What every command gets, and the flags that all commands which ask the ledger share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ConnectionFlags, LedgerAccess } from './connection/connect.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly epochMilliseconds: () => number;
  /** Aborted when the program is asked to end. */
  readonly signal: AbortSignal;
}

const CONNECTION_GROUP = 'Connection:';

/** Named as kubectl names them. */
export function withConnection(command: Command): Command {
  const options = [
    new Option(
      '-n, --namespace <namespace>',
      'the namespace to look into (that of the context when not given)',
    ),
    new Option('--kubeconfig <file>', 'the kubeconfig to use (KUBECONFIG, then ~/.kube/config)'),
    new Option('--context <name>', 'the context of the kubeconfig to use'),
    new Option(
      '--server <url>',
      'ask the ledger at this address instead of through the API server (CAPATAZ_LEDGER_URL)',
    ),
    new Option(
      '--token-file <file>',
      'a file with a token for the ledger (or the token itself in CAPATAZ_LEDGER_TOKEN)',
    ),
    new Option('--service-account <namespace/name>', 'ask the API server for a token of this ServiceAccount'),
    new Option(
      '--ledger-service <namespace/name>',
      'the Service of the ledger (found by its labels when not given)',
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(CONNECTION_GROUP));
  return command;
}

export function withAllNamespaces(command: Command): Command {
  return command.addOption(
    new Option('-A, --all-namespaces', 'look into all namespaces').helpGroup(CONNECTION_GROUP),
  );
}

export function outputOption(formats: readonly string[]): Option {
  return new Option('-o, --output <format>', 'how to print').choices([...formats]);
}

export async function connect(flags: ConnectionFlags, context: CommandContext): Promise<LedgerAccess> {
  // The client of Kubernetes takes half a second to load: help and completion go without it.
  const { connectToLedger } = await import('./connection/connect.ts');
  return await connectToLedger(flags, context);
}

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };

export function examples(lines: readonly (readonly [command: string, does: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`).join('\n')}\n`;
}
