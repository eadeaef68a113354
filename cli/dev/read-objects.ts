/** The objects of an author's files. A file that is wrong is told once, and counts as it was when it was last right. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { buildPromptVersion } from '#domain/prompts/build-prompt-version.ts';
import { type FileProblem, collect, problemsOfFile, readOurs } from '../validate/validate-file.ts';

export interface DevObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: unknown;
  /** Only of Secrets; base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** Of a prompt that comes from a prompt file and not from a manifest. */
  readonly isPromptFile?: true;
}

export interface ReadObjects {
  readonly objects: readonly DevObject[];
  /** Only those of files that have changed since the last reading. */
  readonly problems: readonly FileProblem[];
  /** Which files are new, changed or gone. */
  readonly changed: readonly string[];
}

interface KnownFile {
  readonly signature: string;
  readonly objects: readonly DevObject[];
}

const KINDS = new Set(['Agent', 'Model', 'PromptVersion', 'CanaryRollout', 'Secret']);
export const DEFAULT_NAMESPACE = 'default';

/** Each call reads what has changed since the call before. */
export function createObjectReader(paths: readonly string[]): () => Promise<ReadObjects> {
  let known = new Map<string, KnownFile>();
  return async () => {
    const files: string[] = [];
    for (const path of paths) await collect(path, files, 0);
    const next = new Map<string, KnownFile>();
    const problems: FileProblem[] = [];
    const changed = [...known.keys()].filter((path) => !files.includes(path));
    for (const path of files) {
      const before = known.get(path);
      const signature = await signatureOf(path);
      if (before?.signature === signature) {
        next.set(path, before);
        continue;
      }
      const read = await readFileObjects(path);
      problems.push(...read.problems);
      changed.push(path);
      next.set(path, {
        signature,
        objects: read.problems.length > 0 ? (before?.objects ?? []) : read.objects,
      });
    }
    known = next;
    return { objects: [...known.values()].flatMap(({ objects }) => objects), problems, changed };
  };
}

/** Editors save by writing over a file or by putting another in its place: both show here. */
async function signatureOf(path: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return 'gone';
  }
}

async function readFileObjects(path: string): Promise<Omit<ReadObjects, 'changed'>> {
  const read = await readOurs(path);
  if (!read.ok) return { objects: [], problems: [{ path, line: read.line, problem: read.problem }] };
  const { text } = read;
  const problems = await problemsOfFile(path, text);
  if (problems.length > 0) return { objects: [], problems };
  if (!path.endsWith('.prompt')) return { objects: objectsOfManifests(text), problems };
  const built = await buildPromptVersion({ fileName: basename(path), text });
  if (!built.ok) return { objects: [], problems: [{ path, line: built.line, problem: built.problem }] };
  const { kind, metadata, spec } = built.manifest;
  return {
    objects: [
      {
        kind,
        metadata: { name: metadata.name, namespace: DEFAULT_NAMESPACE },
        spec,
        isPromptFile: true,
      },
    ],
    problems,
  };
}

function objectsOfManifests(text: string): readonly DevObject[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document): readonly DevObject[] => {
    const object = document.toJS({ maxAliasCount: 100 }) as
      | (Partial<DevObject> & {
          readonly stringData?: Readonly<Record<string, string>>;
        })
      | null;
    if (typeof object?.kind !== 'string' || !KINDS.has(object.kind)) return [];
    const name: unknown = object.metadata?.name;
    if (typeof name !== 'string') return [];
    const metadata = { name, namespace: object.metadata?.namespace ?? DEFAULT_NAMESPACE };
    if (object.kind !== 'Secret') return [{ kind: object.kind, metadata, spec: object.spec }];
    const plain = Object.entries(object.stringData ?? {}).map(
      ([key, value]) => [key, base64(value)] as const,
    );
    return [{ kind: object.kind, metadata, data: { ...object.data, ...Object.fromEntries(plain) } }];
  });
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');
