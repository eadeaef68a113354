/**
 * A chat request in words of our own. Each dialect reads its wire format into this and writes it out again, so that
 * any front can stand before any provider. Names follow the meaning, never one vendor.
 *
 * `undefined` means "the caller said nothing". A dialect reads null as that.
 */
import type { Extensions } from './extensions.ts';

export interface ChatRequest {
  /** `auto`, or the name of the Model that the caller wants. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Empty when the caller declares none. */
  readonly tools: readonly ToolDeclaration[];
  readonly toolChoice?: ToolChoice;
  /** False: the model may call one tool at a time only. */
  readonly allowsParallelToolCalls?: boolean;
  /** Absent for plain text. */
  readonly format?: AnswerFormat;
  readonly sampling: Sampling;
  /** Tokens of the answer at most, hidden reasoning included. */
  readonly maximumOutputTokens?: number;
  /** How long the model may think, in the words of the caller: none, minimal, low, medium, high, ... */
  readonly reasoningEffort?: string;
  /** How many answers are wanted; 1 when not given. */
  readonly choiceCount?: number;
  readonly stream?: StreamWish;
  /** An opaque name of the end user, for the provider's abuse detection. */
  readonly endUser?: string;
  /** Fields of the front's dialect for which there is no word here. */
  readonly extensions?: Extensions;
}

export interface StreamWish {
  /** Whether the caller wants the usage as the last event. */
  readonly includesUsage: boolean;
}

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  /** Texts at which the answer ends. */
  readonly stopSequences?: readonly string[];
}

/** `developer` stands above the user like `system`; a dialect that knows one of them only uses that. */
export type ChatMessage = InstructionMessage | UserMessage | AssistantMessage | ToolResultMessage;

export interface InstructionMessage {
  readonly role: 'system' | 'developer';
  readonly content: Content;
  readonly name?: string;
  readonly extensions?: Extensions;
}

export interface UserMessage {
  readonly role: 'user';
  readonly content: Content;
  /** Tells participants of one conversation apart. */
  readonly name?: string;
  readonly extensions?: Extensions;
}

export interface AssistantMessage {
  readonly role: 'assistant';
  /** Null when the turn consists of tool calls, or of nothing. */
  readonly content: Content | null;
  readonly name?: string;
  readonly refusal?: string;
  readonly reasoning?: Reasoning;
  readonly toolCalls?: readonly ToolCall[];
  readonly extensions?: Extensions;
}

export interface ToolResultMessage {
  readonly role: 'tool';
  readonly toolCallId: string;
  readonly content: Content;
  readonly isError?: boolean;
  readonly extensions?: Extensions;
}

/** Text alone stays a string: the most frequent message costs nothing to translate. */
export type Content = string | readonly ContentPart[];

export type ContentPart =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly cache?: CacheMark;
      readonly extensions?: Extensions;
    }
  | {
      readonly kind: 'image';
      readonly image: ImageSource;
      readonly cache?: CacheMark;
      readonly extensions?: Extensions;
    }
  /** A part of the front's dialect for which there is no word here: only a provider of that dialect can take it. */
  | { readonly kind: 'foreign'; readonly type: string; readonly extensions: Extensions };

/** `mediaType` in lower case and as IANA registers it (image/jpeg, not image/jpg). */
export type ImageSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'inline'; readonly mediaType: string; readonly base64: string };

/** The caller's mark that a prompt cache should keep everything up to here. */
export interface CacheMark {
  readonly lifetimeSeconds: number;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON as the model wrote it: it need not parse. */
  readonly argumentsText: string;
  /** What the provider that made the call wants back unchanged, for example a signature of hidden thought. */
  readonly signature?: string;
  readonly extensions?: Extensions;
}

/** Thought that the provider wrote out. `signature` makes it acceptable to the same provider in a later turn. */
export interface Reasoning {
  readonly text: string;
  readonly signature?: string;
}

export interface ToolDeclaration {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; absent for a tool without any. */
  readonly parameters?: JsonSchema;
  /** Whether the arguments must fit the schema by construction. */
  readonly isStrict?: boolean;
  readonly extensions?: Extensions;
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'tool'; readonly name: string };

export type AnswerFormat =
  | { readonly kind: 'jsonObject' }
  | {
      readonly kind: 'jsonSchema';
      readonly name: string;
      readonly description?: string;
      readonly schema: JsonSchema;
      readonly isStrict?: boolean;
    };

export type JsonSchema = Readonly<Record<string, unknown>>;
