/** The program `capataz` as a person starts it: the kubeconfig of the node, trusted keys in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CommandResult, tryCommand } from '#cluster/command-line/command.ts';
import { INSTANCE } from './cluster.ts';

const PROGRAM = resolve(import.meta.dirname, '../../../cli/bin/capataz.mjs');

export interface ListedRun {
  readonly id: string;
  readonly agent: string;
  readonly agentUid: string;
  readonly promptVersion: string;
  readonly status: string;
  readonly modelCalls: number;
  readonly attempts: number;
  readonly toolCalls: number;
  readonly inputTokens: number;
  readonly costNanoUsd: number;
  readonly isComplete: boolean;
}

export interface CapatazProgram extends AsyncDisposable {
  readonly run: (...programArguments: readonly string[]) => Promise<CommandResult>;
  /** The document that `-o json` prints; throws when the program fails. */
  readonly read: (...programArguments: readonly string[]) => Promise<unknown>;
  readonly runsOf: (namespace: string) => Promise<readonly ListedRun[]>;
}

export async function prepareCapataz(): Promise<CapatazProgram> {
  const home = await mkdtemp(join(tmpdir(), 'capataz-end-to-end-'));
  const run: CapatazProgram['run'] = (...programArguments) =>
    tryCommand(process.execPath, [PROGRAM, ...programArguments], {
      environment: { KUBECONFIG: INSTANCE.kubeconfigPath, XDG_CONFIG_HOME: home },
      timeoutSeconds: 60,
    });
  const read: CapatazProgram['read'] = async (...programArguments) => {
    const result = await run(...programArguments, '--output', 'json');
    if (result.exitCode !== 0) {
      throw new Error(
        `capataz ${programArguments.join(' ')} ended with ${result.exitCode}: ${result.errorOutput}`,
      );
    }
    return JSON.parse(result.output) as unknown;
  };
  return {
    run,
    read,
    runsOf: async (namespace) => {
      const listed = await read('runs', '--namespace', namespace, '--limit', '10000');
      return (listed as { readonly runs: readonly ListedRun[] }).runs;
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}
