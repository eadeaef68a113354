/**
 * The front matter of a dotprompt file (https://google.github.io/dotprompt/reference/frontmatter), read strictly.
 *
 * dotprompt itself falls back to sending the whole file, YAML included, as prompt text when a fence or the YAML is
 * broken. Here that is an error with its line. What the format allows is accepted, or refused with the reason why it
 * cannot be honoured: a setting that is dropped in silence is one that its author counts on.
 */
import { z } from 'zod';
import { type FrontMatterYaml, readFrontMatterYaml } from './front-matter-yaml.ts';

const FENCE = /^---[ \t]*$/;
const LOOKS_LIKE_FENCE = /^\s*-{2,}\s*$/;
/** What may stand before the front matter: blank lines and a licence in lines that begin with "#". */
const PRELUDE = /^(?:#.*|[ \t]*)$/;

const Free = z.record(z.string(), z.unknown());

export const FrontMatter = z.strictObject({
  name: z.string().max(253).optional(),
  variant: z.string().max(253).optional(),
  version: z.string().max(253).optional(),
  description: z.string().max(4096).optional(),
  model: z.string().max(253).optional(),
  tools: z.array(z.string().max(128)).max(64).optional(),
  config: z
    .strictObject({
      /** Like `model` a hint for people: which version of a model answers is said by the Model. */
      version: z.string().max(253).optional(),
      temperature: z.number().min(0).max(2).optional(),
      maxOutputTokens: z.int().min(1).max(131_072).optional(),
      topP: z.number().min(0).max(1).optional(),
      topK: z.int().min(1).max(1000).optional(),
      stopSequences: z.array(z.string().min(1).max(256)).max(16).optional(),
    })
    .optional(),
  input: z.strictObject({ default: Free.optional(), schema: z.unknown() }).partial().optional(),
  output: z
    .strictObject({
      format: z.enum(['json', 'text'], 'this product hands out answers as json or text').optional(),
      schema: z.unknown(),
    })
    .partial()
    .optional(),
  /** For other tools; both pass unread. */
  metadata: Free.optional(),
  ext: Free.optional(),
});
export type FrontMatter = z.infer<typeof FrontMatter>;

/** Keys that dotprompt or hosts of it know, and why a prompt version cannot honour them. */
const REFUSED_KEYS: ReadonlyMap<string, string> = new Map([
  ['raw', 'dotprompt computes it, it cannot be written'],
  ['toolDefs', "tools are the Agent's: name them in tools, and allow them in the Agent's spec.tools"],
  ['maxTurns', "where a run ends is said by the Agent's spec.limits.steps"],
  ['toolChoice', 'in a run the model chooses the tools itself'],
  ['returnToolRequests', 'in a run the tools are always called'],
  ['use', 'middleware is code, which does not travel with a prompt version'],
  ['candidates', 'a run has one answer'],
]);

const REFUSED_CONFIG =
  "it is not a setting that every provider's models take, and which Model answers is chosen at each call";

export type FrontMatterResult =
  | {
      readonly ok: true;
      readonly frontMatter: FrontMatter;
      readonly template: string;
      /** Line of the file that the template begins on, from 1. */
      readonly templateLine: number;
      readonly yaml: FrontMatterYaml;
    }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** `text` is canonical: LF line ends, no byte order mark. */
export function readFrontMatter(text: string): FrontMatterResult {
  const lines = text.split('\n');
  const parts = findParts(lines);
  if (!parts.ok) return parts;
  const yaml = readFrontMatterYaml(parts.yaml, parts.yamlLine - 1);
  if (!yaml.ok) return yaml;
  const given = withoutNull(yaml.value);
  // Keys with a "." are other tools' and pass unread, as dotprompt lays down.
  const own = Object.fromEntries(Object.entries(given).filter(([key]) => !key.includes('.')));
  const checked = FrontMatter.safeParse(own);
  if (!checked.success) return { ok: false, ...describeIssue(checked.error, yaml.lineOf) };
  const blankLines = parts.template.findIndex((line) => line.trim() !== '');
  return {
    ok: true,
    frontMatter: checked.data,
    template: parts.template.join('\n').trim(),
    templateLine: parts.templateLine + Math.max(0, blankLines),
    yaml,
  };
}

/** A key without a value is one that is not given. */
function withoutNull(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => {
        const isSection = ['config', 'input', 'output'].includes(key);
        const isMapping = typeof each === 'object' && !Array.isArray(each);
        return [key, isSection && isMapping ? withoutNull(each as Record<string, unknown>) : each];
      }),
  );
}

type Parts =
  | {
      readonly ok: true;
      readonly yaml: string;
      readonly yamlLine: number;
      readonly template: readonly string[];
      readonly templateLine: number;
    }
  | { readonly ok: false; readonly line: number; readonly problem: string };

function findParts(lines: readonly string[]): Parts {
  const opening = lines.findIndex((line) => !PRELUDE.test(line));
  const first = lines[opening] ?? '';
  if (FENCE.test(first)) return splitAtFences(lines, opening);
  if (LOOKS_LIKE_FENCE.test(first)) {
    return {
      ok: false,
      line: opening + 1,
      problem: WRONG_OPENING,
    };
  }
  const slip = findMisplacedFrontMatter(lines, opening);
  if (slip !== undefined) return { ok: false, ...slip };
  return { ok: true, yaml: '', yamlLine: 1, template: lines, templateLine: 1 };
}

function splitAtFences(lines: readonly string[], opening: number): Parts {
  const closing = lines.findIndex((line, index) => index > opening && FENCE.test(line));
  // An indented fence before the real one is far more often a slip than the content of a block scalar.
  const end = closing === -1 ? lines.length : closing;
  const slipped = lines.findIndex(
    (line, index) => index > opening && index < end && LOOKS_LIKE_FENCE.test(line) && !FENCE.test(line),
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
      line: opening + 1,
      problem:
        'the front matter that opens here is never closed: write "---" alone on the line before the template',
    };
  }
  return {
    ok: true,
    yaml: lines.slice(opening + 1, closing).join('\n'),
    yamlLine: opening + 2,
    template: lines.slice(closing + 1),
    templateLine: closing + 2,
  };
}

const WRONG_OPENING = 'the opening fence must be exactly "---" at the start of its line';
const KEY_LINE = new RegExp(`^(${Object.keys(FrontMatter.shape).join('|')}):(\\s|$)`);
const OTHER_COMMENT = /^\s*(?:\{\{!|<!--|\/\/|\/\*)/;

/**
 * A prompt without front matter is its template alone. One whose front matter lacks its opening fence, or stands after
 * something else, would be sent to the model with its settings as text.
 */
function findMisplacedFrontMatter(
  lines: readonly string[],
  first: number,
): { readonly line: number; readonly problem: string } | undefined {
  const fence = lines.findIndex((line) => FENCE.test(line));
  if (fence === -1) return undefined;
  if (/^\s*-{2,}/.test(lines[first] ?? '') && KEY_LINE.test(lines[first + 1] ?? '')) {
    return { line: first + 1, problem: WRONG_OPENING };
  }
  if (KEY_LINE.test(lines[first] ?? '')) {
    return {
      line: first + 1,
      problem: 'the front matter has no opening fence: write "---" on the line before',
    };
  }
  if (OTHER_COMMENT.test(lines[first] ?? '') && KEY_LINE.test(lines[fence + 1] ?? '')) {
    return {
      line: first + 1,
      problem: 'only blank lines and lines that begin with "#" may stand before the front matter',
    };
  }
  return undefined;
}

function describeIssue(
  error: z.ZodError,
  lineOf: FrontMatterYaml['lineOf'],
): { readonly line: number; readonly problem: string } {
  const issue = error.issues[0];
  const path = (issue?.path ?? []).filter((segment) => typeof segment !== 'symbol');
  if (issue?.code !== 'unrecognized_keys') {
    return { line: lineOf(path), problem: `"${path.join('.')}": ${describeMisfit(issue?.message)}` };
  }
  const key = [...path, issue.keys[0] ?? ''];
  return { line: lineOf(key), problem: describeUnknownKey(key.join('.'), String(key.at(-1)), path[0]) };
}

function describeMisfit(message = 'is not valid'): string {
  return message.replace(/^Invalid input: /, '');
}

function describeUnknownKey(path: string, key: string, section: string | number | undefined): string {
  if (section === 'config') {
    return `"${path}" cannot be honoured: ${REFUSED_CONFIG}; config takes ${keysOf(FrontMatter.shape.config.unwrap())}`;
  }
  if (section === 'input') return `"${path}" is not known; input takes schema and default`;
  if (section === 'output') return `"${path}" is not known; output takes format and schema`;
  const reason = REFUSED_KEYS.get(key);
  if (reason !== undefined) return `"${key}" cannot be honoured: ${reason}`;
  return `"${key}" is not a key of the front matter; the keys are ${keysOf(FrontMatter)}, and a key of your own stands under metadata or has a namespace, such as "acme.${key}"`;
}

function keysOf(schema: z.ZodObject): string {
  return Object.keys(schema.shape).join(', ');
}
