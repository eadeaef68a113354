/** The pages of the repository as a reader of them sees them: headings, links, and what stands in blocks of code. */
import { posix } from 'node:path';
import { REPOSITORY_FILES, textOf } from './source-files.ts';

export const PAGES = REPOSITORY_FILES.filter((path) => path.endsWith('.md'));

interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function codeBlocksOf(page: string): readonly CodeBlock[] {
  const text = textOf(page) ?? '';
  return [...text.matchAll(FENCE)].map(({ 1: language = '', 2: code = '', index }) => ({
    language,
    text: code,
    line: text.slice(0, index).split('\n').length + 1,
  }));
}

/** Where each link of a page leads, but those out of the repository: a path from its root, and an anchor or nothing. */
export function linksOf(page: string): readonly { readonly path: string; readonly anchor: string }[] {
  const prose = withoutCode(page).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { path: path === '' ? page : posix.join(posix.dirname(page), path), anchor };
    });
}

/** As GitHub makes them of headings; a heading that comes again gets a number. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...withoutCode(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

function withoutCode(page: string): string {
  return (textOf(page) ?? '').replaceAll(FENCE, '');
}
