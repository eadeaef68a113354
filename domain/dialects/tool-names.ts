/**
 * Tool names that a provider cannot take (`calendar.respondToEvent`), replaced on the way there and put back in the answer.
 * A pure function of the request: whoever reads the answer finds the same names as whoever wrote the request.
 */
import { createHash } from 'node:crypto';
import type { ChatRequest } from '#domain/chat/chat-request.ts';

export interface ToolNameRule {
  /** What a whole name looks like. */
  readonly pattern: RegExp;
  /** Each character that no name may contain, with the flag g. */
  readonly forbidden: RegExp;
  readonly maximumCharacters: number;
}

export interface ToolNames {
  /** From the caller's name to the provider's. */
  readonly toProvider: (name: string) => string;
  /** Back again. A name that the model made up stays as it is. */
  readonly fromProvider: (name: string) => string;
}

export const UNCHANGED_NAMES: ToolNames = { toProvider: (name) => name, fromProvider: (name) => name };
const HASH_CHARACTERS = 8;

/** The names of one request. No two of them meet in one name, and those that fit stay as they are. */
export function toolNamesOf(request: ChatRequest, rule: ToolNameRule): ToolNames {
  const names = namesIn(request);
  const misfits = [...names].filter((name) => !rule.pattern.test(name));
  if (misfits.length === 0) return UNCHANGED_NAMES;
  const taken = new Set([...names].filter((name) => rule.pattern.test(name)));
  const there = new Map<string, string>();
  for (const name of misfits) {
    const replacement = replacementOf(name, rule, taken);
    taken.add(replacement);
    there.set(name, replacement);
  }
  const back = new Map([...there].map(([name, replacement]) => [replacement, name]));
  return {
    toProvider: (name) => there.get(name) ?? name,
    fromProvider: (name) => back.get(name) ?? name,
  };
}

/** Declared, chosen or called in the history: a call may name a tool that is no longer declared. */
function namesIn({ tools, toolChoice, messages }: ChatRequest): ReadonlySet<string> {
  const names = new Set(tools.map(({ name }) => name));
  if (toolChoice?.kind === 'tool') names.add(toolChoice.name);
  for (const message of messages) {
    if (message.role === 'assistant') for (const { name } of message.toolCalls ?? []) names.add(name);
  }
  return names;
}

function replacementOf(name: string, rule: ToolNameRule, taken: ReadonlySet<string>): string {
  const cleaned = name.replaceAll(rule.forbidden, '_');
  const legal = rule.pattern.test(cleaned.slice(0, rule.maximumCharacters)) ? cleaned : `_${cleaned}`;
  const short = legal.slice(0, rule.maximumCharacters);
  if (short.length === legal.length && !taken.has(short)) return short;
  // What was cut off or is taken already: a hash of the whole name tells it apart from its neighbours.
  for (let attempt = 0; ; attempt += 1) {
    const hash = createHash('sha256')
      .update(`${name}${'\0'.repeat(attempt)}`)
      .digest('hex');
    const ending = `_${hash.slice(0, HASH_CHARACTERS)}`;
    const candidate = `${legal.slice(0, rule.maximumCharacters - ending.length)}${ending}`;
    if (!taken.has(candidate)) return candidate;
  }
}
