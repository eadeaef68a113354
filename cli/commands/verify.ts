/** `capataz verify`: whether the ledger holds what was signed, and where it does not. */
import type { Command } from 'commander';
import { type CommandContext, connect, examples, outputOption, withConnection } from '../command-context.ts';
import type { ConnectionFlags } from '../connection/connect.ts';
import { CommandError } from '../exit-codes.ts';
import { visibleJson } from '../terminal/visible-text.ts';
import { printProven, printReport } from '../verify/print-report.ts';
import { verifyEvidenceFile, verifySavedLog } from '../verify/verify-offline.ts';
import { type Verified, verifyServedLog } from '../verify/verify-served-log.ts';

export interface VerifyFlags extends ConnectionFlags {
  readonly file?: string;
  readonly export?: string;
  readonly save?: string;
  readonly ledgerKey: readonly string[];
  readonly witnessKey: readonly string[];
  readonly witness?: string;
  readonly strict?: true;
  readonly output: 'text' | 'json';
}

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

export function addVerify(program: Command, context: CommandContext): void {
  const command = program
    .command('verify')
    .description(
      'Verify that nobody edited, dropped, inserted or swapped a record, cut the ledger off or rolled it back',
    )
    .argument('[namespace]', 'whose log to verify (that of the context when not given)')
    .option('--file <evidence>', 'verify the evidence of one record instead, without asking anybody')
    .option('--export <file>', 'verify a log that --save wrote instead, without asking anybody')
    .option('--save <file>', 'keep what was verified, so that it can be verified again elsewhere')
    .option('--ledger-key <key>', 'trust this key of the ledger (may be given several times)', collect, [])
    .option('--witness-key <key>', 'trust this key of a witness (may be given several times)', collect, [])
    .option('--witness <url>', 'ask the witness at this address (found by its labels in the cluster)')
    .option('--strict', 'fail for records that were lost on their way to the ledger, too')
    .addOption(outputOption(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      examples([
        ['capataz verify support', 'against the ledger, its signatures and the witness'],
        ['capataz verify support --save support.log', 'and keep it'],
        ['capataz verify --export support.log', 'verify what was kept, offline'],
        ['capataz verify --file refund.tlog-proof', 'one record, offline'],
      ]),
    )
    .action(
      async (namespace: string | undefined, flags: VerifyFlags) => await verify(namespace, flags, context),
    );
  withConnection(command);
}

async function verify(
  namespace: string | undefined,
  flags: VerifyFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  if (flags.file !== undefined) {
    const proven = await verifyEvidenceFile(flags.file, flags, context);
    terminal.write(flags.output === 'json' ? `${visibleJson(proven, 2)}\n` : printProven(proven, terminal));
    return;
  }
  const verified = await (flags.export === undefined
    ? verifyServed(namespace, flags, context)
    : verifySavedLog(flags.export, flags, context));
  terminal.write(flags.output === 'json' ? `${visibleJson(verified, 2)}\n` : printReport(verified, terminal));
  const { report } = verified;
  if (!report.isUntouched)
    throw new CommandError('failed', `The log of ${verified.namespace} is not what was signed.`);
  if (verified.rows !== undefined && verified.rows.differences.length > 0) {
    throw new CommandError(
      'failed',
      `What the ledger tells of runs and costs of ${verified.namespace} is not what its entries say: the entries are what was signed.`,
    );
  }
  if (!report.isWhole && flags.strict === true) {
    throw new CommandError(
      'failed',
      `Records of ${verified.namespace} were lost on their way to the ledger.`,
    );
  }
}

async function verifyServed(
  named: string | undefined,
  flags: VerifyFlags,
  context: CommandContext,
): Promise<Verified> {
  await using access = await connect(flags, context);
  const namespace = named ?? access.namespace;
  if (namespace === undefined || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new CommandError(
      'usage',
      'Name the namespace whose log is to be verified: capataz verify NAMESPACE.',
    );
  }
  return await verifyServedLog(access, namespace, flags, context);
}
