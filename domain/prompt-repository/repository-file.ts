/** What a commit holds below the folders that are read, before anybody has looked into it. */

/** One entry of a tree, as git names it. */
export interface RepositoryEntry {
  /** From the root of the repository. Bytes that are no UTF-8 are replaced; `isNameValid` tells. */
  readonly path: string;
  /** `100644`, `100755`, `120000` (a symbolic link), `160000` (a submodule). */
  readonly mode: string;
  /** Name of the object in git. */
  readonly object: string;
  /** Bytes; 0 for a submodule. */
  readonly size: number;
}

export interface RepositoryFile extends RepositoryEntry {
  readonly bytes: Uint8Array;
}

/** A fault of one file; `line` counts from 1. */
export interface RepositoryProblem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Where prompts and golden sets stand in the repository; an empty prompts folder is the whole repository. */
export interface RepositoryFolders {
  readonly prompts: string;
  readonly goldenSets: string;
}

export const PROMPTS_MAXIMUM = 200;
export const PARTIALS_MAXIMUM = 200;
export const GOLDEN_SETS_MAXIMUM = 100;
/** As the status of a PromptRepository takes it. */
export const PATH_MAXIMUM_LENGTH = 1_024;
export const ENTRIES_MAXIMUM = 5_000;
/** A PromptVersion takes 131072 characters, of up to four bytes each. */
export const PROMPT_FILE_MAXIMUM_BYTES = 524_288;
export const GOLDEN_SET_MAXIMUM_BYTES = 4_194_304;
export const COMMIT_MAXIMUM_BYTES = 33_554_432;

export function isInside(folder: string, path: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
