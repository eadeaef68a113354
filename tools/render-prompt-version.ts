/**
 * Prints the PromptVersion of prompt files, for `kubectl apply -f -`:
 *
 *     node tools/render-prompt-version.ts prompts/email-classifier.prompt [more files] [--namespace NAME] [--json]
 *
 * A fault is one sentence `file:line: what is wrong` on standard error with exit code 1, and nothing is printed. A
 * version that plain `kubectl apply` cannot send is printed, with a hint on standard error.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { stringify } from 'yaml';
import type { PromptVersionSpec } from '#crds/prompt-version.ts';
import {
  type PromptVersionManifest,
  buildPromptVersion,
  fitsClientSideApply,
} from '#domain/prompts/build-prompt-version.ts';

const { values, positionals } = parseArgs({
  options: { namespace: { type: 'string' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const manifests: PromptVersionManifest[] = [];
if (positionals.length === 0) {
  reportFault('usage: node tools/render-prompt-version.ts <file.prompt>... [--namespace NAME] [--json]');
}
for (const path of positionals) await render(path);
if (process.exitCode === undefined) print(manifests);
if (process.exitCode === undefined) hintAtServerSideApply(manifests);

async function render(path: string): Promise<void> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    reportFault(
      `${path}: cannot be read as UTF-8 text: ${error instanceof Error ? error.message : String(error)}`,
    );
    return;
  }
  const source = await readSource(path);
  const result = await buildPromptVersion({
    fileName: basename(path),
    text,
    ...(values.namespace === undefined ? {} : { namespace: values.namespace }),
    ...(source === undefined ? {} : { source }),
  });
  if (result.ok) manifests.push(result.manifest);
  else reportFault(`${path}:${result.line}: ${result.problem}`);
}

/**
 * Path, commit and author from git, when the file is in a repository. The commit is the one that first brought this
 * very content, so that rendering an old version again later says the same; a text that was never committed has none.
 */
async function readSource(path: string): Promise<PromptVersionSpec['source']> {
  const name = basename(path);
  const repositoryPath = await git(path, ['ls-files', '--full-name', '--', name]);
  const object = await git(path, ['hash-object', '--', name]);
  if (repositoryPath === undefined || object === undefined || repositoryPath === '') return undefined;
  const history = await git(path, ['log', `--find-object=${object}`, '--format=%H %an', '--', name]);
  const first = history?.split('\n').at(-1) ?? '';
  const [commit, author] = [first.slice(0, first.indexOf(' ')), first.slice(first.indexOf(' ') + 1)];
  return { path: repositoryPath, ...(commit === '' ? {} : { commit, author: author.slice(0, 256) }) };
}

async function git(path: string, command: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', [...command], {
      cwd: dirname(path),
      timeout: 30_000,
    });
    return stdout.trim();
  } catch {
    // No git, or not a repository: the version is complete without its source.
    return undefined;
  }
}

function print(all: readonly PromptVersionManifest[]): void {
  if (values.json) {
    const [only] = all;
    const list = { apiVersion: 'v1', kind: 'List', items: all };
    console.log(JSON.stringify(all.length === 1 ? only : list, null, 2));
    return;
  }
  // lineWidth 0: a folded line would be another text, with another digest.
  console.log(
    all
      .map((manifest) => stringify(manifest, { lineWidth: 0 }))
      .join('---\n')
      .trimEnd(),
  );
}

function hintAtServerSideApply(all: readonly PromptVersionManifest[]): void {
  const names = all
    .filter((manifest) => !fitsClientSideApply(manifest))
    .map((manifest) => manifest.metadata.name);
  if (names.length === 0) return;
  console.error(
    `hint: plain "kubectl apply" cannot send ${names.join(', ')}: it keeps a copy in an annotation, which holds 262144 bytes; use "kubectl apply --server-side -f -" or "kubectl create -f -"`,
  );
}

function reportFault(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}
