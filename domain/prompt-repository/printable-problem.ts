/** Names of files and keys come from whoever can push: nothing in them may act upon a terminal, or hide. */
import type { RepositoryProblem } from './repository-file.ts';

/** Controls, invisible formats such as those that turn the direction, odd line ends, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

export function printableProblem({ path, line, message }: RepositoryProblem): RepositoryProblem {
  return { path: printable(path), line, message: printable(message) };
}

function printable(text: string): string {
  return text.replaceAll(UNSEEN, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
}
