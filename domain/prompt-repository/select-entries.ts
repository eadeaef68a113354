/**
 * Which entries of a commit are prompts, partials and golden sets. Everything is judged by its name, mode and size
 * before a byte of it is read.
 */
import {
  COMMIT_MAXIMUM_BYTES,
  ENTRIES_MAXIMUM,
  GOLDEN_SETS_MAXIMUM,
  GOLDEN_SET_MAXIMUM_BYTES,
  PARTIALS_MAXIMUM,
  PATH_MAXIMUM_LENGTH,
  PROMPTS_MAXIMUM,
  PROMPT_FILE_MAXIMUM_BYTES,
  type RepositoryEntry,
  type RepositoryFolders,
  type RepositoryProblem,
  fileNameOf,
  isInside,
} from './repository-file.ts';

export interface SelectedEntries {
  readonly prompts: readonly RepositoryEntry[];
  readonly partials: readonly RepositoryEntry[];
  readonly goldenSets: readonly RepositoryEntry[];
  readonly problems: readonly RepositoryProblem[];
}

const PROMPT_FILE = /\.prompt(\.md)?$/;
const GOLDEN_SET_FILE = /\.(jsonl|json|ya?ml|csv)$/;
const SYMBOLIC_LINK = '120000';
const SUBMODULE = '160000';

type Role = 'prompts' | 'partials' | 'goldenSets';

interface RoleLimits {
  readonly what: string;
  readonly count: number;
  readonly bytes: number;
}

const LIMITS: Readonly<Record<Role, RoleLimits>> = {
  prompts: { what: 'prompts', count: PROMPTS_MAXIMUM, bytes: PROMPT_FILE_MAXIMUM_BYTES },
  partials: { what: 'partials', count: PARTIALS_MAXIMUM, bytes: PROMPT_FILE_MAXIMUM_BYTES },
  goldenSets: { what: 'golden sets', count: GOLDEN_SETS_MAXIMUM, bytes: GOLDEN_SET_MAXIMUM_BYTES },
};

export function selectEntries(
  entries: readonly RepositoryEntry[],
  folders: RepositoryFolders,
): SelectedEntries {
  const selected: Record<Role, RepositoryEntry[]> = { prompts: [], partials: [], goldenSets: [] };
  const problems: RepositoryProblem[] = [];
  if (entries.length > ENTRIES_MAXIMUM) {
    const message = `the folder holds more than ${ENTRIES_MAXIMUM} files: keep prompts in a folder of their own (spec.path)`;
    return { ...selected, problems: [{ path: folders.prompts, line: 1, message }] };
  }
  const sorted = entries.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  let total = 0;
  for (const entry of sorted) {
    const role = roleOf(entry, folders);
    if (role === undefined) continue;
    const message = problemOf(entry, LIMITS[role]);
    if (message !== undefined) {
      problems.push({ path: entry.path, line: 1, message });
      continue;
    }
    selected[role].push(entry);
    total += entry.size;
  }
  for (const role of Object.keys(LIMITS) as Role[]) {
    const excess = selected[role].splice(LIMITS[role].count)[0];
    if (excess === undefined) continue;
    const message = `this is one more than the ${LIMITS[role].count} ${LIMITS[role].what} that a repository may have: split it`;
    problems.push({ path: excess.path, line: 1, message });
  }
  if (total > COMMIT_MAXIMUM_BYTES) {
    const message = `prompts and golden sets have ${total} bytes together, at most ${COMMIT_MAXIMUM_BYTES} are read`;
    problems.push({ path: folders.prompts, line: 1, message });
  }
  problems.push(...clashes([...selected.prompts, ...selected.partials, ...selected.goldenSets]));
  return { ...selected, problems };
}

function roleOf(entry: RepositoryEntry, folders: RepositoryFolders): Role | undefined {
  const { path, mode } = entry;
  const name = fileNameOf(path);
  // What a link or a submodule hides may be a whole folder of prompts: none is passed over in silence.
  const hidesWhatItIs = mode === SYMBOLIC_LINK || mode === SUBMODULE;
  const isGoldenSet = folders.goldenSets !== '' && isInside(folders.goldenSets, path);
  if (isGoldenSet) return hidesWhatItIs || GOLDEN_SET_FILE.test(name) ? 'goldenSets' : undefined;
  if (!isInside(folders.prompts, path)) return undefined;
  if (!PROMPT_FILE.test(name)) return hidesWhatItIs && folders.prompts !== '' ? 'prompts' : undefined;
  return name.startsWith('_') ? 'partials' : 'prompts';
}

function problemOf({ mode, size, path }: RepositoryEntry, limits: RoleLimits): string | undefined {
  if (mode === SYMBOLIC_LINK) {
    return 'this is a symbolic link, which is not followed: put the file itself here';
  }
  if (mode === SUBMODULE) {
    return 'this is a submodule, which is not fetched: put the files themselves here, or point a PromptRepository at it';
  }
  if (path.includes('\uFFFD') || hasControlCharacter(path)) {
    return 'the name of this file is not valid UTF-8 or has control characters: rename it';
  }
  if (path.length > PATH_MAXIMUM_LENGTH) {
    return `the path has ${path.length} characters, at most ${PATH_MAXIMUM_LENGTH} are allowed: shorten it`;
  }
  if (size > limits.bytes) return `the file has ${size} bytes, at most ${limits.bytes} are allowed`;
  return undefined;
}

function hasControlCharacter(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for.
  return /[\u0000-\u001F\u007F]/.test(text);
}

/** On other machines two such names are one file, and which of both one sees is chance. */
function clashes(entries: readonly RepositoryEntry[]): readonly RepositoryProblem[] {
  const seen = new Map<string, string>();
  const problems: RepositoryProblem[] = [];
  for (const { path } of entries) {
    const folded = path.normalize('NFC').toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, path);
    else {
      const message = `the name differs from ${other} in upper and lower case or in the way accents are written only: rename one of them`;
      problems.push({ path, line: 1, message });
    }
  }
  return problems;
}
