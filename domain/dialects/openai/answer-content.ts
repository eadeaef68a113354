/** What an answer says: its text, its reasoning and its refusal, in whichever fields and parts a server puts them. */
import { isObject, textOf, type WireObject } from './wire-values.ts';

export interface AnswerContent {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
}

/** In the order of preference: a server that fills two of them says the same in both. */
const REASONING_FIELDS = ['reasoning_content', 'reasoning', 'thinking'] as const;
const MOST_NESTED_PARTS = 4;

/** `message` is the message of a whole answer or the delta of a chunk. */
export function contentOf(message: WireObject): AnswerContent {
  const { text, reasoning, refusal } = readContent(message['content'], 0);
  const told = REASONING_FIELDS.map((field) => plainTextOf(message[field], 0)).find((found) => found !== '');
  return { text, reasoning: (told ?? '') + reasoning, refusal: (textOf(message['refusal']) ?? '') + refusal };
}

const NOTHING: AnswerContent = { text: '', reasoning: '', refusal: '' };

function readContent(content: unknown, depth: number): AnswerContent {
  if (typeof content === 'string') return { ...NOTHING, text: content };
  if (Array.isArray(content)) {
    const parts = content.map((part: unknown) => readPart(part, depth));
    return {
      text: parts.map(({ text }) => text).join(''),
      reasoning: parts.map(({ reasoning }) => reasoning).join(''),
      refusal: parts.map(({ refusal }) => refusal).join(''),
    };
  }
  if (!isObject(content)) return { ...NOTHING, text: textOf(content) ?? '' };
  // An object without a type is the JSON that was asked for, already parsed.
  return typeof content['type'] === 'string'
    ? readPart(content, depth)
    : { ...NOTHING, text: JSON.stringify(content) };
}

/** Parts that say nothing to a reader, such as references, are left out. */
function readPart(part: unknown, depth: number): AnswerContent {
  if (typeof part === 'string') return { ...NOTHING, text: part };
  if (!isObject(part)) return NOTHING;
  const type = textOf(part['type'])?.toLowerCase() ?? 'text';
  if (type === 'refusal') return { ...NOTHING, refusal: plainTextOf(part['refusal'], depth) };
  if (/think|thought|reason/.test(type)) return { ...NOTHING, reasoning: plainTextOf(part, depth) };
  return { ...NOTHING, text: plainTextOf(part['text'], depth) };
}

/** Text that may be wrapped: in a list of parts, or in an object that names it. */
function plainTextOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (depth > MOST_NESTED_PARTS) return '';
  if (Array.isArray(value)) return value.map((each: unknown) => plainTextOf(each, depth + 1)).join('');
  if (!isObject(value)) return '';
  const inner = [
    value['text'],
    value['thinking'],
    value['reasoning'],
    value['content'],
    value['summary'],
    value['value'],
  ];
  return inner.map((each) => plainTextOf(each, depth + 1)).find((found) => found !== '') ?? '';
}
