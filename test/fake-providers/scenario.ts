/**
 * What the fake providers shall do: which answers, which faults, which keys. The same objects come from a test in
 * this process and, as JSON, over the control routes from a test in another one.
 */
import { z } from 'zod';

export const FAKE_PROVIDERS = ['OpenAI', 'Anthropic', 'Gemini'] as const;
export type FakeProvider = (typeof FAKE_PROVIDERS)[number];

const Count = z.int().nonnegative();

/** An answer without a provider's format. `usage` is the bill, in disjoint classes; made up from the length when absent. */
export const FakeAnswer = z.strictObject({
  text: z.string().optional(),
  toolCalls: z
    .array(z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
    .optional(),
  finish: z.enum(['complete', 'length', 'refusal']).optional(),
  usage: z
    .strictObject({
      inputTokens: Count,
      cachedInputTokens: Count,
      cacheWriteTokens: Count,
      outputTokens: Count,
    })
    .optional(),
  /** Which model says that it answered, where that is another than was asked for. */
  servedModel: z.string().optional(),
  /** OpenAI's `system_fingerprint`; the others have none. */
  fingerprint: z.string().optional(),
  /** Pause before each event of a stream. */
  eventDelaySeconds: z.number().nonnegative().max(600).optional(),
});
export type FakeAnswer = z.infer<typeof FakeAnswer>;

const Which = {
  provider: z.enum(FAKE_PROVIDERS).optional(),
  model: z.string().optional(),
  /** How many requests it is for; without it, all that come. */
  times: z.int().positive().optional(),
};

export const AnswerRule = z.strictObject({
  ...Which,
  /** Text that the newest user message must contain. */
  userSays: z.string().optional(),
  /** Whether the newest message must be, or must not be, the result of a tool. */
  afterToolResult: z.boolean().optional(),
  answer: FakeAnswer,
});
export type AnswerRule = z.infer<typeof AnswerRule>;

export const Fault = z.strictObject({
  ...Which,
  /** Wait so long before anything is sent. */
  delaySeconds: z.number().nonnegative().max(600).optional(),
  /** Refuse with this status, in the provider's own error format. */
  status: z.int().min(300).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  message: z.string().optional(),
  /** Status 200 with a body that is in no format. */
  garbage: z.boolean().optional(),
  /** Reset the connection before a byte. */
  reset: z.boolean().optional(),
  /** After so many events of a stream: reset the connection, end it as if all were said, say nothing more, or an error. */
  after: z
    .strictObject({ events: Count, ending: z.enum(['reset', 'end', 'stall', 'error', 'garbage']) })
    .optional(),
});
export type Fault = z.infer<typeof Fault>;

/** What a request asks for, whatever its format. */
export interface FakeRequest {
  readonly provider: FakeProvider;
  readonly model: string;
  readonly stream: boolean;
  readonly userSays: string;
  readonly afterToolResult: boolean;
  readonly tools: readonly { readonly name: string; readonly parameters: unknown }[];
  /** The tool that must be called. */
  readonly forcedTool?: string;
  /** The schema that the text must follow. */
  readonly schema?: unknown;
}

export interface JournalEntry {
  readonly provider: FakeProvider;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly model?: string;
  readonly stream?: boolean;
  readonly status?: number;
  /** What the provider would put on the bill; absent for refused requests. */
  readonly usage?: NonNullable<FakeAnswer['usage']>;
  readonly eventsSent?: number;
  /** Whether the client went away before the answer was whole. */
  readonly aborted?: boolean;
}

export class Scenario {
  #answers: { rule: AnswerRule; left: number }[] = [];
  #faults: { fault: Fault; left: number }[] = [];
  #keys: Record<FakeProvider, readonly string[]>;

  constructor(keys: Record<FakeProvider, readonly string[]>) {
    this.#keys = keys;
  }

  addAnswer(rule: AnswerRule): void {
    this.#answers.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  addFault(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  setKeys(provider: FakeProvider, keys: readonly string[]): void {
    this.#keys = { ...this.#keys, [provider]: keys };
  }

  acceptsKey(provider: FakeProvider, key: string | undefined): boolean {
    return key !== undefined && this.#keys[provider].includes(key);
  }

  clear(): void {
    this.#answers = [];
    this.#faults = [];
  }

  takeFault(provider: FakeProvider, model: string | undefined): Fault | undefined {
    const found = this.#faults.find(({ fault, left }) => left > 0 && concerns(fault, provider, model));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }

  takeAnswer(request: FakeRequest): FakeAnswer {
    const found = this.#answers.find(
      ({ rule, left }) =>
        left > 0 &&
        concerns(rule, request.provider, request.model) &&
        request.userSays.includes(rule.userSays ?? '') &&
        (rule.afterToolResult ?? request.afterToolResult) === request.afterToolResult,
    );
    if (found === undefined) return defaultAnswer(request);
    found.left -= 1;
    return found.rule.answer;
  }
}

function concerns(
  which: { readonly provider?: FakeProvider | undefined; readonly model?: string | undefined },
  provider: FakeProvider,
  model: string | undefined,
): boolean {
  return (which.provider ?? provider) === provider && (which.model ?? model) === model;
}

/** Echoes; obeys a schema or a forced tool with the smallest value that fits. */
function defaultAnswer(request: FakeRequest): FakeAnswer {
  const tool = request.tools.find(({ name }) => name === request.forcedTool);
  if (tool !== undefined) {
    return { toolCalls: [{ name: tool.name, arguments: asObject(smallestValue(tool.parameters)) }] };
  }
  if (request.schema !== undefined) return { text: JSON.stringify(smallestValue(request.schema)) };
  return { text: `You said: ${request.userSays}` };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

const SchemaView = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  minItems: z.number().optional(),
});

export function smallestValue(schema: unknown): unknown {
  const view = SchemaView.safeParse(schema);
  if (!view.success) return {};
  const { type, enum: values, const: constant, properties = {}, required = [], items, anyOf } = view.data;
  if (constant !== undefined) return constant;
  if (values !== undefined) return values[0];
  if (anyOf !== undefined) return smallestValue(anyOf[0]);
  const smallest: Readonly<Record<string, () => unknown>> = {
    string: () => '',
    integer: () => view.data.minimum ?? 0,
    number: () => view.data.minimum ?? 0,
    boolean: () => false,
    null: () => null,
    array: () => Array.from({ length: view.data.minItems ?? 0 }, () => smallestValue(items)),
  };
  const name = Array.isArray(type) ? type[0] : type;
  return (
    smallest[name ?? '']?.() ??
    Object.fromEntries(required.map((key) => [key, smallestValue(properties[key])]))
  );
}
