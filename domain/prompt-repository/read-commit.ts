/**
 * From the files of a commit to what is made of them: PromptVersions and golden sets. A commit is taken whole or not at
 * all, so the answer has either no problem or nothing else of use.
 */
import { ResourceName } from '#crds/object-meta.ts';
import type { PromptVersionSpec } from '#crds/prompt-version.ts';
import { readGoldenSet } from '#domain/evaluation/read-golden-set.ts';
import { buildPromptVersion } from '#domain/prompts/build-prompt-version.ts';
import { readFrontMatter } from '#domain/prompts/front-matter.ts';
import { decodeText } from './decode-text.ts';
import {
  type GoldenSetData,
  goldenSetConfigMapName,
  goldenSetData,
  goldenSetDigest,
} from './golden-set-object.ts';
import { type InlinedText, type Partials, inlinePartials } from './inline-partials.ts';
import {
  type RepositoryFile,
  type RepositoryFolders,
  type RepositoryProblem,
  fileNameOf,
} from './repository-file.ts';

export interface CommitFiles {
  readonly prompts: readonly RepositoryFile[];
  readonly partials: readonly RepositoryFile[];
  readonly goldenSets: readonly RepositoryFile[];
}

export interface CommitIdentity {
  readonly commit: string;
  readonly author: string;
}

export interface ReadPrompt {
  readonly path: string;
  readonly versionName: string;
  readonly spec: PromptVersionSpec;
}

export interface ReadGoldenSet {
  readonly path: string;
  readonly name: string;
  readonly digest: string;
  readonly configMapName: string;
  readonly content: GoldenSetData;
}

export interface ReadCommit {
  readonly prompts: readonly ReadPrompt[];
  readonly goldenSets: readonly ReadGoldenSet[];
  readonly problems: readonly RepositoryProblem[];
}

/** Keys of the front matter with this beginning are ours; dotprompt passes namespaced keys by. */
const OWN_NAMESPACE = 'capataz.';
const GOLDEN_SET_KEY = 'capataz.goldenSet';
const PROMPT_ENDING = /\.prompt(\.md)?$/;
const AUTHOR_MAXIMUM_LENGTH = 256;
const YAML_FILE = /\.ya?ml$/;
/** A megabyte of short values holds whoever reads it for many seconds. */
const YAML_MAXIMUM_LENGTH = 262_144;
/** ConfigMaps of Kubernetes take such names as keys. */
const CONFIG_MAP_KEY = /^[-._a-zA-Z0-9]{1,200}$/;

export async function readCommit(
  files: CommitFiles,
  identity: CommitIdentity,
  folders: RepositoryFolders,
  /** Awaited before each file, for reading one may take a second: lets others have their turn. */
  pause: () => Promise<unknown>,
): Promise<ReadCommit> {
  const problems: RepositoryProblem[] = [];
  const textOf = (file: RepositoryFile): string | undefined => {
    const decoded = decodeText(file.bytes);
    if (decoded.ok) return decoded.text;
    problems.push({ path: file.path, line: decoded.line, message: decoded.message });
    return undefined;
  };
  const goldenSets = await readGoldenSets(files.goldenSets, textOf, problems, pause);
  const partials = readPartials(files.partials, folders, textOf, problems);
  const setByName = new Map(goldenSets.map((set) => [set.name, set]));
  const prompts: ReadPrompt[] = [];
  const pathOf = new Map<string, string>();
  for (const file of files.prompts) {
    await pause();
    const text = textOf(file);
    if (text === undefined) continue;
    const read = await readPrompt(file.path, text, partials, identity, setByName);
    if (!read.ok) {
      problems.push(read.problem);
      continue;
    }
    const { prompt } = read.read.spec;
    const other = pathOf.get(prompt);
    if (other !== undefined) {
      const message = `the prompt ${prompt} stands in ${other} too: the name of a file is the name of its prompt, whatever folder it is in`;
      problems.push({ path: file.path, line: 1, message });
      continue;
    }
    pathOf.set(prompt, file.path);
    prompts.push(read.read);
  }
  return { prompts, goldenSets, problems };
}

type PromptReading =
  | { readonly ok: true; readonly read: ReadPrompt }
  | { readonly ok: false; readonly problem: RepositoryProblem };

async function readPrompt(
  path: string,
  text: string,
  partials: Partials,
  { commit, author }: CommitIdentity,
  goldenSets: ReadonlyMap<string, ReadGoldenSet>,
): Promise<PromptReading> {
  const refuse = (at: { readonly path: string; readonly line: number }, message: string): PromptReading => ({
    ok: false,
    problem: { path: at.path, line: at.line, message },
  });
  const inlined = inlinePartials(path, text, partials);
  if (!inlined.ok) return refuse(inlined.at, inlined.message);
  const built = await buildPromptVersion({
    fileName: fileNameOf(path),
    text: inlined.text,
    source: { commit, path, author: author.slice(0, AUTHOR_MAXIMUM_LENGTH).toWellFormed() },
  });
  if (!built.ok) return refuse(inlined.originOf(built.line), built.problem);
  const { metadata, spec } = built.manifest;
  const reference = goldenSetReference(inlined, goldenSets);
  if (!reference.ok) return refuse(inlined.originOf(reference.line), reference.problem);
  const { goldenSet } = reference;
  return {
    ok: true,
    read: {
      path,
      versionName: metadata.name,
      spec: { ...spec, ...(goldenSet === undefined ? {} : { goldenSet }) },
    },
  };
}

type GoldenSetReference =
  | { readonly ok: true; readonly goldenSet: PromptVersionSpec['goldenSet'] }
  | { readonly ok: false; readonly line: number; readonly problem: string };

function goldenSetReference(
  inlined: InlinedText & { readonly ok: true },
  goldenSets: ReadonlyMap<string, ReadGoldenSet>,
): GoldenSetReference {
  const frontMatter = readFrontMatter(inlined.text);
  if (!frontMatter.ok) return { ok: false, line: frontMatter.line, problem: frontMatter.problem };
  const { value, lineOf } = frontMatter.yaml;
  const unknown = Object.keys(value).find((key) => key.startsWith(OWN_NAMESPACE) && key !== GOLDEN_SET_KEY);
  if (unknown !== undefined) {
    const problem = `"${unknown}" is not a key of ours; there is ${GOLDEN_SET_KEY}`;
    return { ok: false, line: lineOf([unknown]), problem };
  }
  const name = value[GOLDEN_SET_KEY];
  if (name === undefined || name === null) return { ok: true, goldenSet: undefined };
  const set = typeof name === 'string' ? goldenSets.get(name) : undefined;
  if (set === undefined) {
    const problem = `"${GOLDEN_SET_KEY}" names ${JSON.stringify(name).slice(0, 100)}, but the repository has no such golden set at this commit`;
    return { ok: false, line: lineOf([GOLDEN_SET_KEY]), problem };
  }
  return { ok: true, goldenSet: { name: set.name, digest: set.digest } };
}

type TextOf = (file: RepositoryFile) => string | undefined;

function readPartials(
  files: readonly RepositoryFile[],
  folders: RepositoryFolders,
  textOf: TextOf,
  problems: RepositoryProblem[],
): Partials {
  const partials = new Map<string, { readonly path: string; readonly text: string }>();
  for (const file of files) {
    const text = textOf(file);
    if (text === undefined) continue;
    const { path } = file;
    const below = folders.prompts === '' ? path : path.slice(folders.prompts.length + 1);
    const fileName = fileNameOf(below);
    const folder = below.slice(0, below.length - fileName.length);
    const name = folder + fileName.slice(1).replace(PROMPT_ENDING, '');
    if (text.startsWith('---\n')) {
      const message = 'a partial has no front matter of its own: it becomes part of the prompts that name it';
      problems.push({ path, line: 1, message });
    } else if (partials.has(name)) {
      problems.push({ path, line: 1, message: `there are two files for the partial ${name}` });
    } else partials.set(name, { path, text });
  }
  return partials;
}

async function readGoldenSets(
  files: readonly RepositoryFile[],
  textOf: TextOf,
  problems: RepositoryProblem[],
  pause: () => Promise<unknown>,
): Promise<readonly ReadGoldenSet[]> {
  const sets = new Map<string, ReadGoldenSet>();
  for (const file of files) {
    await pause();
    const { path } = file;
    const fileName = fileNameOf(path);
    const name = fileName.slice(0, fileName.lastIndexOf('.'));
    const text = textOf(file);
    if (text === undefined) continue;
    const refuse = (message: string): number => problems.push({ path, line: 1, message });
    const other = sets.get(name);
    const content = goldenSetData(fileName, text);
    if (!ResourceName.safeParse(name).success || !CONFIG_MAP_KEY.test(fileName)) {
      refuse(
        'the file must be called <name>.jsonl, .json, .yaml, .yml or .csv, with a name of a-z, 0-9, "-" and "."',
      );
    } else if (other !== undefined) {
      refuse(`the golden set ${name} stands in ${other.path} too`);
    } else if (text.trim() === '') {
      refuse('the golden set is empty');
    } else if (YAML_FILE.test(fileName) && text.length > YAML_MAXIMUM_LENGTH) {
      refuse(
        `a golden set in YAML may have ${YAML_MAXIMUM_LENGTH} characters, for it is slow to read: write it as .jsonl`,
      );
    } else if (content === undefined) {
      refuse('the golden set is too large for a ConfigMap (900000 bytes): split it');
    } else {
      // A set that a gate cannot load would stop every release that names it, long after the push.
      const loaded = readGoldenSet({ name, fileName, text });
      if (!loaded.ok) {
        problems.push({ path, line: loaded.line, message: loaded.problem });
        continue;
      }
      const digest = goldenSetDigest(text);
      sets.set(name, { path, name, digest, content, configMapName: goldenSetConfigMapName(name, digest) });
    }
  }
  return [...sets.values()];
}
