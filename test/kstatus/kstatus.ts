/** The real kstatus, built once from its Go module. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { goBinary } from '../go-modules/go-binary.ts';

/** What kstatus says of each object: Current, InProgress, Failed, Terminating, Unknown. */
export async function kstatusOf(objects: readonly unknown[]): Promise<readonly string[]> {
  const child = spawn(await goBinary(import.meta.dirname), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(objects));
  const verdicts = JSON.parse(await text(child.stdout)) as readonly { readonly status: string }[];
  return verdicts.map(({ status }) => status);
}
