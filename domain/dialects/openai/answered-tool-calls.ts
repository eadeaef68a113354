/**
 * The tool calls of one choice, from whatever a server makes of them: several calls under one index, no index, an index that
 * jumps, no id, an id on every delta or only on a later one, whole calls in one delta, arguments as an object, the retired
 * `function_call`. Each call is told once it has a name, and its arguments as they come.
 */
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import { MOST_TOOL_CALLS } from '../answer-limits.ts';
import { JsonEnd } from './json-end.ts';
import { countOf } from '../count.ts';
import { isObject, objectOf, textOf, type WireObject } from './wire-values.ts';

interface OpenCall {
  readonly place: number;
  readonly index: number | undefined;
  /** It may come late or never. */
  serverId: string | undefined;
  /** What the caller knows the call by, from its opening on. */
  id: string | undefined;
  name: string | undefined;
  signature: string | undefined;
  argumentsText: string;
  /** Whether the arguments so far are one object from its first brace to its last. */
  readonly argumentsEnd: JsonEnd;
}

export interface ToolCallNaming {
  /** From the provider's name to the caller's. */
  readonly nameOf: (name: string) => string;
  /** The id of a call to which the server gave none. */
  readonly ownId: (place: number) => string;
}

export class AnsweredToolCalls {
  readonly #choice: number;
  readonly #naming: ToolCallNaming;
  readonly #calls: OpenCall[] = [];
  #hasTooMany = false;
  readonly #ids = new Set<string>();
  readonly #byServerId = new Map<string, OpenCall>();
  /** The call to which the last delta of this index belonged; -1 stands for deltas of any index. */
  readonly #lastByIndex = new Map<number, OpenCall>();

  constructor(choice: number, naming: ToolCallNaming) {
    this.#choice = choice;
    this.#naming = naming;
  }

  /** Calls beyond the limit are not kept. */
  get hasTooMany(): boolean {
    return this.#hasTooMany;
  }

  get count(): number {
    return this.#calls.length;
  }

  get hasNameless(): boolean {
    return this.#calls.some(({ name }) => name === undefined);
  }

  /** `message` is the message of a whole answer or the delta of a chunk. */
  push(message: WireObject): readonly AnswerPart[] {
    const { tool_calls: calls, function_call: retired } = message;
    const given: readonly unknown[] = Array.isArray(calls) ? calls : isObject(calls) ? [calls] : [];
    const named = new Set<OpenCall>();
    const parts = given.flatMap((call: unknown) => (isObject(call) ? this.#pushCall(call, named) : []));
    if (given.length > 0 || !isObject(retired)) return parts;
    return this.#pushCall({ index: 0, function: retired }, named);
  }

  /** What is left to tell at the end: the arguments of a call without any are the empty object. */
  end(): readonly AnswerPart[] {
    return this.#calls
      .filter(({ id, argumentsEnd }) => id !== undefined && argumentsEnd.isBlank)
      .map(({ place }) => this.#argumentsPart(place, '{}'));
  }

  /** The calls of a whole answer. */
  whole(): readonly ToolCall[] {
    return this.#calls.map(({ id, name, argumentsText, argumentsEnd, signature }) => ({
      id: id ?? '',
      name: this.#naming.nameOf(name ?? ''),
      argumentsText: argumentsEnd.isBlank ? '{}' : argumentsText,
      ...(signature !== undefined && { signature }),
    }));
  }

  /** `named` are the calls that were named in the same message: a name names one call only. */
  #pushCall(delta: WireObject, named: Set<OpenCall>): readonly AnswerPart[] {
    // Some servers leave out the wrapper.
    const called = objectOf(delta['function']) ?? delta;
    const name = textOf(called['name']);
    const text = argumentsTextOf(called['arguments'] ?? called['parameters']);
    const [index, serverId] = [countOf(delta['index']), textOf(delta['id'])];
    const found = this.#findCall(index, serverId, name, text);
    const isFree = found !== undefined && (name === undefined || !named.has(found));
    if (!isFree && this.#calls.length >= MOST_TOOL_CALLS) {
      this.#hasTooMany = true;
      return [];
    }
    const call = isFree ? found : this.#open(index);
    this.#remember(call, index, serverId);
    if (name !== undefined) named.add(call);
    call.name ??= name;
    call.signature ??= signatureOf(delta);
    call.argumentsText += text;
    call.argumentsEnd.push(text);
    if (call.name === undefined) return [];
    if (call.id !== undefined) return text === '' ? [] : [this.#argumentsPart(call.place, text)];
    const opening = this.#openingPart(call, call.name);
    return call.argumentsText === ''
      ? [opening]
      : [opening, this.#argumentsPart(call.place, call.argumentsText)];
  }

  /** The call that a delta goes on with; undefined when it begins one. */
  #findCall(
    index: number | undefined,
    serverId: string | undefined,
    name: string | undefined,
    text: string,
  ): OpenCall | undefined {
    const known = serverId === undefined ? undefined : this.#byServerId.get(serverId);
    // An id that comes again under another index is another call: some servers give the same to all.
    if (known !== undefined && (index === undefined || known.index === index)) return known;
    const last = this.#lastByIndex.get(index ?? -1);
    return last === undefined || isNextCall(last, serverId, name, text) ? undefined : last;
  }

  #remember(call: OpenCall, index: number | undefined, serverId: string | undefined): void {
    if (serverId !== undefined && call.serverId === undefined) {
      call.serverId = serverId;
      this.#byServerId.set(serverId, call);
    }
    this.#lastByIndex.set(-1, call);
    if (index !== undefined) this.#lastByIndex.set(index, call);
  }

  #open(index: number | undefined): OpenCall {
    const call: OpenCall = {
      place: this.#calls.length,
      index,
      serverId: undefined,
      id: undefined,
      name: undefined,
      signature: undefined,
      argumentsText: '',
      argumentsEnd: new JsonEnd(),
    };
    this.#calls.push(call);
    return call;
  }

  #openingPart(call: OpenCall, name: string): AnswerPart {
    const { serverId, place, signature } = call;
    const isFree = serverId !== undefined && !this.#ids.has(serverId);
    const id = isFree ? serverId : this.#naming.ownId(place);
    call.id = id;
    this.#ids.add(id);
    return {
      kind: 'toolCall',
      choice: this.#choice,
      call: place,
      id,
      name: this.#naming.nameOf(name),
      ...(signature !== undefined && { signature }),
    };
  }

  #argumentsPart(place: number, text: string): AnswerPart {
    return { kind: 'toolArguments', choice: this.#choice, call: place, text };
  }
}

/** Whether a delta that falls to `last` by its index begins another call. */
function isNextCall(
  last: OpenCall,
  serverId: string | undefined,
  name: string | undefined,
  text: string,
): boolean {
  if (last.serverId !== undefined) return serverId !== undefined && serverId !== last.serverId;
  if (name === undefined || last.name === undefined) return false;
  // Without ids the name tells: another name, or the same one again after arguments that are whole.
  if (name !== last.name) return true;
  return text !== '' && last.argumentsEnd.isWholeObject;
}

function argumentsTextOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

/** Google's extension of the format: Gemini 3 signs its calls and wants the signature back with the next turn. */
export function signatureOf(call: WireObject): string | undefined {
  return textOf(objectOf(objectOf(call['extra_content'])?.['google'])?.['thought_signature']);
}
