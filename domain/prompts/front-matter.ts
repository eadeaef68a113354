/**
 * The front matter of a dotprompt file (https://google.github.io/dotprompt/reference/frontmatter), read strictly.
 *
 * dotprompt itself falls back to sending the whole file, YAML included, as prompt text when a fence or the YAML is
 * broken. Here that is an error with its line. Aliases are refused, so a front matter cannot expand into a bomb.
 */
import { LineCounter, type ParsedNode, isAlias, isMap, isScalar, parseDocument, visit } from 'yaml';
import { z } from 'zod';

export const FRONT_MATTER_MAXIMUM_CHARACTERS = 32_768;

const OPEN_FENCE = /^---[ \t]*$/;
const LOOKS_LIKE_FENCE = /^\s*-{2,}\s*$/;
const NAMESPACED_KEY = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/;

/** `raw` and `toolDefs`, which dotprompt computes, cannot be written; tools themselves belong to the Agent. */
export const FrontMatter = z.strictObject({
  name: z.string().max(253).optional(),
  variant: z.string().max(253).optional(),
  version: z.string().max(253).optional(),
  description: z.string().max(4096).optional(),
  model: z.string().max(253).optional(),
  tools: z.array(z.string().max(128)).max(64).optional(),
  config: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      maxOutputTokens: z.int().min(1).max(131_072).optional(),
      topP: z.number().min(0).max(1).optional(),
      topK: z.int().min(1).max(1000).optional(),
      stopSequences: z.array(z.string().min(1).max(256)).max(16).optional(),
    })
    .optional(),
  input: z
    .strictObject({
      default: z.record(z.string(), z.unknown()).optional(),
      schema: z.unknown(),
    })
    .partial()
    .optional(),
  output: z
    .strictObject({ format: z.enum(['json', 'text']).optional(), schema: z.unknown() })
    .partial()
    .optional(),
  ext: z.record(z.string(), z.unknown()).optional(),
});
export type FrontMatter = z.infer<typeof FrontMatter>;

export type FrontMatterResult =
  | {
      readonly ok: true;
      readonly frontMatter: FrontMatter;
      readonly template: string;
      /** Line of the file that the template begins on, from 1. */
      readonly templateLine: number;
      /** Line of a key in the file, from 1; the fence's when the key is not there. */
      readonly lineOf: (path: readonly (string | number)[]) => number;
    }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** `text` is canonical: LF line ends, no byte order mark. */
export function readFrontMatter(text: string): FrontMatterResult {
  const fences = findFences(text.split('\n'));
  if (!fences.ok) return fences;
  const yaml = readYaml(fences.yaml);
  if (!yaml.ok) return yaml;
  const { own, unknown } = splitKeys(yaml.value);
  if (unknown !== undefined) {
    return {
      ok: false,
      line: yaml.lineOf([unknown]),
      problem: `"${unknown}" is not a key of the front matter; the keys are ${Object.keys(FrontMatter.shape).join(', ')}, and a key of your own needs a namespace, such as "acme.${unknown}"`,
    };
  }
  const checked = FrontMatter.safeParse(own);
  if (!checked.success) return { ok: false, ...describeIssue(checked.error, yaml.lineOf) };
  return {
    ok: true,
    frontMatter: checked.data,
    template: fences.template,
    templateLine: fences.templateLine,
    lineOf: yaml.lineOf,
  };
}

type Fences =
  | { readonly ok: true; readonly yaml: string; readonly template: string; readonly templateLine: number }
  | { readonly ok: false; readonly line: number; readonly problem: string };

function findFences(lines: readonly string[]): Fences {
  if (!OPEN_FENCE.test(lines[0] ?? '')) return { ok: false, ...describeMissingFence(lines) };
  const closing = lines.findIndex((line, index) => index > 0 && OPEN_FENCE.test(line));
  // An indented fence before the real one is far more often a slip than the content of a block scalar.
  const end = closing === -1 ? lines.length : closing;
  const slipped = lines.findIndex(
    (line, index) => index > 0 && index < end && LOOKS_LIKE_FENCE.test(line) && !OPEN_FENCE.test(line),
  );
  if (slipped !== -1) {
    return {
      ok: false,
      line: slipped + 1,
      problem: 'this looks like the closing fence but is not: write exactly "---" at the start of the line',
    };
  }
  if (closing === -1) {
    return {
      ok: false,
      line: 1,
      problem:
        'the front matter that opens here is never closed: write "---" alone on the line before the template',
    };
  }
  const body = lines.slice(closing + 1);
  const blankLines = body.findIndex((line) => line.trim() !== '');
  return {
    ok: true,
    yaml: lines.slice(1, closing).join('\n'),
    template: body.join('\n').trim(),
    templateLine: closing + 2 + Math.max(0, blankLines),
  };
}

function describeMissingFence(lines: readonly string[]): { readonly line: number; readonly problem: string } {
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first !== -1 && LOOKS_LIKE_FENCE.test(lines[first] ?? '')) {
    return {
      line: first + 1,
      problem:
        'the opening fence must be exactly "---" at the start of line 1, without blank lines or spaces before it',
    };
  }
  return {
    line: 1,
    problem:
      'a prompt begins with its front matter: write "---" alone on line 1, then the settings, then "---" alone on a line',
  };
}

type Yaml =
  | {
      readonly ok: true;
      readonly value: Readonly<Record<string, unknown>>;
      readonly lineOf: (path: readonly (string | number)[]) => number;
    }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** Line 1 of the file is the fence, so line n of the YAML is line n + 1 of the file. */
const FENCE_LINES = 1;

function readYaml(source: string): Yaml {
  if (source.length > FRONT_MATTER_MAXIMUM_CHARACTERS) {
    return {
      ok: false,
      line: 1,
      problem: `the front matter is longer than ${FRONT_MATTER_MAXIMUM_CHARACTERS} characters`,
    };
  }
  const lineCounter = new LineCounter();
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line + FENCE_LINES;
  try {
    const document = parseDocument(source, { lineCounter, prettyErrors: false, version: '1.2' });
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) return { ok: false, line: lineAt(fault.pos[0]), problem: fault.message };
    const refused = findRefusedNode(document.contents);
    if (refused !== undefined) return { ok: false, line: lineAt(refused.offset), problem: refused.problem };
    if (document.contents === null) return { ok: true, value: {}, lineOf: () => 1 };
    if (!isMap(document.contents)) {
      return { ok: false, line: 2, problem: 'the front matter must be a YAML mapping of keys to values' };
    }
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return {
      ok: true,
      value: value as Readonly<Record<string, unknown>>,
      lineOf: (path) => lineOfPath(document.contents, path, lineAt),
    };
  } catch (error) {
    // The parser recurses: thousands of nested brackets end here as a RangeError.
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, line: 1, problem: `the YAML cannot be read: ${reason}` };
  }
}

function findRefusedNode(
  contents: ParsedNode | null,
): { readonly offset: number; readonly problem: string } | undefined {
  let refused: { readonly offset: number; readonly problem: string } | undefined;
  if (contents === null) return undefined;
  visit(contents, {
    Node: (key, node) => {
      if (isAlias(node)) {
        refused = {
          offset: node.range?.[0] ?? 0,
          problem: `the YAML alias "*${node.source}" is refused: write the value out`,
        };
        return visit.BREAK;
      }
      if (key === 'key' && isScalar(node) && node.value === '__proto__') {
        refused = { offset: node.range?.[0] ?? 0, problem: 'the key "__proto__" is refused' };
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return refused;
}

/** The line of the deepest node of `path` that exists. */
function lineOfPath(
  contents: ParsedNode | null,
  path: readonly (string | number)[],
  lineAt: (offset: number) => number,
): number {
  let node: unknown = contents;
  let line = FENCE_LINES;
  for (const segment of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === segment);
    if (pair === undefined || !isScalar(pair.key)) break;
    line = lineAt(pair.key.range?.[0] ?? 0);
    node = pair.value;
  }
  return line;
}

/** Namespaced keys ("acme.owner") are other tools' and pass unread, as dotprompt lays down. */
function splitKeys(value: Readonly<Record<string, unknown>>): {
  readonly own: Record<string, unknown>;
  readonly unknown: string | undefined;
} {
  const own = Object.entries(value).filter(([key]) => !NAMESPACED_KEY.test(key));
  const unknown = own.find(([key]) => !Object.hasOwn(FrontMatter.shape, key));
  return { own: Object.fromEntries(own), unknown: unknown?.[0] };
}

function describeIssue(
  error: z.ZodError,
  lineOf: (path: readonly (string | number)[]) => number,
): { readonly line: number; readonly problem: string } {
  const issue = error.issues[0];
  const path = (issue?.path ?? []).filter((segment) => typeof segment !== 'symbol');
  if (issue?.code === 'unrecognized_keys') {
    const key = [...path, issue.keys[0] ?? ''];
    return {
      line: lineOf(key),
      problem: `"${key.join('.')}" is not known; ${describeKnownKeys(String(path[0] ?? ''))}`,
    };
  }
  return { line: lineOf(path), problem: `"${path.join('.')}": ${issue?.message ?? 'is not valid'}` };
}

function describeKnownKeys(section: string): string {
  const known: Readonly<Record<string, string>> = {
    config: 'config takes temperature, maxOutputTokens, topP, topK and stopSequences',
    input: 'input takes schema and default',
    output: 'output takes format and schema',
  };
  return known[section] ?? 'check its spelling and indentation';
}
