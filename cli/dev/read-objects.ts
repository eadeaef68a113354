/** The objects of an author's files. A file that is wrong is told once, and counts as it was when it was last right. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import { buildPromptVersion } from '#domain/prompts/build-prompt-version.ts';
import { type FileProblem, collectFiles } from '../validate/collect-files.ts';
import { problemsOfFile, readOurs } from '../validate/validate-file.ts';

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
  /** Only those of files that have changed since the last reading, and of places that were well then. */
  readonly problems: readonly FileProblem[];
  /** Which files are new, changed or gone. */
  readonly changed: readonly string[];
}

interface KnownFile {
  readonly signature: string;
  readonly objects: readonly DevObject[];
}

/** Of the kinds that count here. */
const API_VERSIONS: Readonly<Record<string, string>> = {
  Agent: API_GROUP_VERSION,
  Model: API_GROUP_VERSION,
  PromptVersion: API_GROUP_VERSION,
  CanaryRollout: API_GROUP_VERSION,
  Secret: 'v1',
};
export const DEFAULT_NAMESPACE = 'default';

/** Each call reads what has changed since the call before. */
export function createObjectReader(paths: readonly string[]): () => Promise<ReadObjects> {
  let known = new Map<string, KnownFile>();
  let told = new Set<string>();
  return async () => {
    const { files, problems: places } = await collectFiles(paths);
    const next = new Map<string, KnownFile>();
    const problems = places.filter((each) => !told.has(JSON.stringify(each)));
    told = new Set(places.map((each) => JSON.stringify(each)));
    const there = new Set(files);
    const changed = [...known.keys()].filter((path) => !there.has(path));
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
  if (!path.endsWith('.prompt')) return objectsOfManifests(path, text);
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

function objectsOfManifests(path: string, text: string): Omit<ReadObjects, 'changed'> {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter });
  const objects: DevObject[] = [];
  const problems: FileProblem[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const given = Typed.safeParse(document.toJS({ maxAliasCount: 100 })).data;
    if (given === undefined || API_VERSIONS[given.kind] !== given.apiVersion) continue;
    const read = Manifest.safeParse(given);
    if (read.success) {
      objects.push(objectOf(read.data));
      continue;
    }
    const [issue] = read.error.issues;
    const field = issue?.path.join('.') ?? '';
    const { line } = lineCounter.linePos(document.range[0]);
    problems.push({ path, line, problem: `${given.kind}: ${field}: ${issue?.message ?? ''}` });
  }
  return { objects, problems };
}

const Typed = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const Texts = z.record(z.string(), z.string()).nullish();
const Manifest = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().nullish() }),
  spec: z.unknown().optional(),
  data: Texts,
  stringData: Texts,
});

function objectOf({ kind, metadata, spec, data, stringData }: z.infer<typeof Manifest>): DevObject {
  const name = { name: metadata.name, namespace: metadata.namespace ?? DEFAULT_NAMESPACE };
  if (kind !== 'Secret') return { kind, metadata: name, spec };
  const plain = Object.entries(stringData ?? {}).map(([key, value]) => [key, base64(value)] as const);
  return { kind, metadata: name, data: { ...data, ...Object.fromEntries(plain) } };
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');
