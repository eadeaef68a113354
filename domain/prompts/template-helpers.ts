/**
 * The helpers a prompt may use, on one Dotprompt instance. Variables are untrusted text: dotprompt finds roles and
 * media by the markers `<<<dotprompt:...>>>` in the rendered text, so a variable that contains such a marker would
 * open a system message of its own. Every printed value therefore passes through `capatazText`, which breaks markers
 * with a guard character that occurs nowhere else in this rendering and is taken out again afterwards.
 */
import { Dotprompt } from 'dotprompt';
import { default as Handlebars, type HelperOptions } from 'handlebars';

/** Name of the helper that the template check puts before every printed path. */
export const TEXT_HELPER = 'capatazText';

/** Characters that the variables and blocks of one rendering may print; nested loops over a long list end here. */
export const RENDERED_MAXIMUM_CHARACTERS = 8 * 1024 * 1024;

/** Each helper that is called is charged at least this, so that a loop that prints nothing is bounded too. */
const CALL_CHARACTERS = 64;

const PRIVATE_USE_FIRST = 0xe000;
const PRIVATE_USE_LAST = 0xf8ff;
const PRIVATE_USE = /[\uE000-\uF8FF]/g;

/** What one rendering hands to the helpers. */
export interface RenderingState {
  readonly guard: string;
  remainingCharacters: number;
}

/** A variable that cannot be rendered: the caller's mistake, in one clause. */
export class UnrenderableVariableError extends Error {}

/** A character that occurs in no text of a JSON value, keys included: a free one of Unicode's private use area. */
export function chooseGuard(value: unknown): string | undefined {
  const used = new Set<string>();
  collectPrivateUse(value, used);
  for (let code = PRIVATE_USE_FIRST; code <= PRIVATE_USE_LAST; code += 1) {
    const candidate = String.fromCodePoint(code);
    if (!used.has(candidate)) return candidate;
  }
  return undefined;
}

function collectPrivateUse(value: unknown, used: Set<string>): void {
  if (typeof value === 'string') {
    for (const [character] of value.matchAll(PRIVATE_USE)) used.add(character);
  } else if (Array.isArray(value)) {
    for (const item of value) collectPrivateUse(item, used);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      collectPrivateUse(key, used);
      collectPrivateUse(child, used);
    }
  }
}

/** Contiguous text between guards comes from one variable, and inside it every "<" is followed by a guard. */
function guardText(text: string, state: RenderingState): string {
  charge(state, text.length);
  return `${state.guard}${text.replaceAll('<', `<${state.guard}`)}${state.guard}`;
}

export function removeGuards(text: string, guard: string): string {
  return text.replaceAll(guard, '');
}

function charge(state: RenderingState, characters: number): void {
  state.remainingCharacters -= characters + CALL_CHARACTERS;
  if (state.remainingCharacters < 0) {
    throw new UnrenderableVariableError(
      `the variables make the prompt too large: it may have ${RENDERED_MAXIMUM_CHARACTERS} characters, and each expression that is evaluated counts as ${CALL_CHARACTERS} at least`,
    );
  }
}

function stateOf(options: HelperOptions): RenderingState {
  return (options.data as { readonly capataz: RenderingState }).capataz;
}

function printText(value: unknown, options: HelperOptions): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') {
    if (!Array.isArray(value) || value.some((item) => typeof item === 'object' && item !== null)) {
      throw new UnrenderableVariableError(
        'a variable that the template prints as text is an object; the template needs {{json ...}} there',
      );
    }
    return guardText(value.join(','), stateOf(options));
  }
  return guardText(typeof value === 'string' ? value : JSON.stringify(value), stateOf(options));
}

function printJson(value: unknown, options: HelperOptions): string {
  const indent: unknown = options.hash['indent'];
  const json = JSON.stringify(value ?? null, null, typeof indent === 'number' ? indent : 0);
  return guardText(json, stateOf(options));
}

/** Only what a chat message can carry: a link or inline image, without characters that end a marker. */
const MEDIA_URL = /^(https:\/\/|data:image\/)[^\s<>]+$/;
const CONTENT_TYPE = /^image\/[a-z0-9.+-]+$/;

function openMedia(options: HelperOptions): string {
  const url: unknown = options.hash['url'];
  const contentType: unknown = options.hash['contentType'];
  if (typeof url !== 'string' || !MEDIA_URL.test(url)) {
    throw new UnrenderableVariableError(
      'the url of {{media}} must be an https:// address or a data:image/ URL without spaces',
    );
  }
  if (contentType !== undefined && (typeof contentType !== 'string' || !CONTENT_TYPE.test(contentType))) {
    throw new UnrenderableVariableError(
      'the contentType of {{media}} must be an image type, such as image/png',
    );
  }
  charge(stateOf(options), url.length);
  return `<<<dotprompt:media:url ${url}${contentType === undefined ? '' : ` ${contentType}`}>>>`;
}

type Helper = (this: unknown, ...parameters: unknown[]) => string;
const {
  each,
  if: handlebarsIf,
  lookup,
  with: handlebarsWith,
} = Handlebars.helpers as Readonly<Record<'each' | 'if' | 'lookup' | 'with', Helper>>;

/** A helper of Handlebars or dotprompt with every call charged. */
function charged(helper: Helper): Helper {
  return function chargedHelper(this: unknown, ...parameters) {
    charge(stateOf(parameters.at(-1) as HelperOptions), 0);
    return helper.call(this, ...parameters);
  };
}

/** Every turn is charged with its text: nested loops multiply the length of untrusted lists. */
function eachCharged(this: unknown, context: unknown, options: HelperOptions): string {
  const state = stateOf(options);
  const fn: HelperOptions['fn'] = (item, runtime) => {
    const text = options.fn(item, runtime);
    charge(state, text.length);
    return text;
  };
  return each.call(this, context, { ...options, fn });
}

function unless(this: unknown, condition: unknown, options: HelperOptions): string {
  return handlebarsIf.call(this, condition, { ...options, fn: options.inverse, inverse: options.fn });
}

function ifEquals(this: unknown, left: unknown, right: unknown, options: HelperOptions): string {
  return left === right ? options.fn(this) : options.inverse(this);
}

function unlessEquals(this: unknown, left: unknown, right: unknown, options: HelperOptions): string {
  return left === right ? options.inverse(this) : options.fn(this);
}

// It writes to the console when a template asks for a member of a prototype, which it refuses and we do too.
Handlebars.logger.log = () => undefined;

/** One for the process: Dotprompt registers helpers on Handlebars' only instance, whoever creates it. */
export const dotprompt = new Dotprompt({
  helpers: {
    [TEXT_HELPER]: printText,
    json: printJson,
    media: openMedia,
    each: charged(eachCharged as Helper),
    if: charged(handlebarsIf),
    unless: charged(unless as Helper),
    with: charged(handlebarsWith),
    lookup: charged(lookup),
    ifEquals: charged(ifEquals as Helper),
    unlessEquals: charged(unlessEquals as Helper),
  },
});
