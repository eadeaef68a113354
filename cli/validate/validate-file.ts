/** What is wrong with a file of ours, without asking a cluster: prompts, and manifests of our kinds. */
import { basename } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { KINDS } from '#crds/kinds.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import { PROMPT_VERSION, type PromptVersionSpec } from '#crds/prompt-version.ts';
import { buildPromptVersion } from '#domain/prompts/build-prompt-version.ts';
import { parsePrompt } from '#domain/prompts/parse-prompt.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import { type TextFile, readTextFile } from '../read-text-file.ts';
import { type FileProblem, collectFiles } from './collect-files.ts';

const LARGEST_FILE_BYTES = 4 * 1024 * 1024;
const MAXIMUM_DOCUMENTS = 1_000;

export interface Validation {
  readonly files: number;
  readonly problems: readonly FileProblem[];
}

export async function validatePaths(paths: readonly string[]): Promise<Validation> {
  const { files, problems } = await collectFiles(paths);
  const found = [...problems];
  for (const path of files) found.push(...(await validateFile(path)));
  return { files: files.length, problems: found };
}

async function validateFile(path: string): Promise<readonly FileProblem[]> {
  const read = await readOurs(path);
  return read.ok ? await problemsOfFile(path, read.text) : [{ path, line: read.line, problem: read.problem }];
}

export async function problemsOfFile(path: string, text: string): Promise<readonly FileProblem[]> {
  if (!path.endsWith('.prompt')) return validateManifests(path, text);
  const built = await buildPromptVersion({ fileName: basename(path), text });
  return built.ok ? [] : [{ path, line: built.line, problem: built.problem }];
}

export async function readOurs(path: string): Promise<TextFile> {
  return await readTextFile(path, LARGEST_FILE_BYTES);
}

/** Objects of other groups are nobody's concern here. */
async function validateManifests(path: string, text: string): Promise<readonly FileProblem[]> {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter });
  if (!Array.isArray(documents)) return [];
  if (documents.length > MAXIMUM_DOCUMENTS) {
    return [{ path, line: 1, problem: `it has more than ${MAXIMUM_DOCUMENTS} documents` }];
  }
  const problems: FileProblem[] = [];
  for (const document of documents) {
    const line = lineCounter.linePos(document.range?.[0] ?? 0).line;
    const [fault] = document.errors;
    if (fault !== undefined) {
      const at = lineCounter.linePos(fault.pos[0]).line;
      problems.push({ path, line: at, problem: fault.message.split('\n', 1)[0] ?? 'it is not YAML' });
      continue;
    }
    let object: unknown;
    try {
      object = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      problems.push({ path, line, problem: error instanceof Error ? error.message : String(error) });
      continue;
    }
    const lineOf = (field: readonly PropertyKey[]): number => {
      for (let length = field.length; length > 0; length -= 1) {
        const node = document.getIn(field.slice(0, length).map(String), true) as
          | { readonly range?: readonly number[] | null }
          | undefined;
        const offset = node?.range?.[0];
        if (offset !== undefined) return lineCounter.linePos(offset).line;
      }
      return line;
    };
    for (const { field, problem } of await problemsOf(object)) {
      problems.push({ path, line: lineOf(field), problem });
    }
  }
  return problems;
}

interface FieldProblem {
  readonly field: readonly PropertyKey[];
  readonly problem: string;
}

async function problemsOf(object: unknown): Promise<readonly FieldProblem[]> {
  const { apiVersion, kind, spec } = (object ?? {}) as Readonly<Record<string, unknown>>;
  if (apiVersion !== API_GROUP_VERSION) return [];
  const definition = KINDS.find((one) => one.kind === kind);
  if (definition === undefined) {
    const known = KINDS.map((one) => one.kind).join(', ');
    return [
      { field: ['kind'], problem: `${API_GROUP_VERSION} has no kind ${String(kind)}: it has ${known}` },
    ];
  }
  const read = definition.spec.safeParse(spec);
  if (!read.success) {
    return read.error.issues.map(({ path, message }) => ({
      field: ['spec', ...path],
      problem: `${['spec', ...path].map(String).join('.')}: ${message}`,
    }));
  }
  return kind === PROMPT_VERSION.kind ? await problemsOfVersion(read.data as PromptVersionSpec) : [];
}

async function problemsOfVersion({ text, digest }: PromptVersionSpec): Promise<readonly FieldProblem[]> {
  if (promptDigest(text) !== digest) {
    return [{ field: ['spec', 'digest'], problem: 'spec.digest is not the SHA-256 of spec.text' }];
  }
  const parsed = await parsePrompt(text);
  return parsed.ok ? [] : [{ field: ['spec', 'text'], problem: `spec.text: ${parsed.message}` }];
}
