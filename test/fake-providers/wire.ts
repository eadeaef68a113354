/** One provider's format, seen from its server. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FakeAnswer, FakeProvider, FakeRequest } from './scenario.ts';

export type Usage = NonNullable<FakeAnswer['usage']>;

export interface WireRefusal {
  readonly status: number;
  readonly message: string;
}

/** An answer ready to be sent: as one body, or event by event, each with its blank line. */
export interface WireAnswer {
  readonly body: object;
  readonly events: readonly string[];
  readonly usage: Usage;
}

/** What a path of the provider is for. */
export interface WireRoute {
  readonly kind: 'models' | 'chat' | 'embeddings';
  /** Where the path tells them and not the body. */
  readonly model?: string;
  readonly stream?: boolean;
}

export interface Wire {
  readonly provider: FakeProvider;
  /** First segment of the path, before the version. */
  readonly prefix: string;
  readonly route: (method: string, path: string) => WireRoute | undefined;
  readonly keyOf: (headers: IncomingHttpHeaders) => string | undefined;
  /** What the provider refuses before it looks at the content. */
  readonly refuseHeaders: (headers: IncomingHttpHeaders, body: unknown) => WireRefusal | undefined;
  readonly models: (names: readonly string[]) => object;
  readonly readChat: (body: unknown, route: WireRoute) => FakeRequest | WireRefusal;
  readonly writeAnswer: (request: FakeRequest, answer: FakeAnswer, usage: Usage, id: string) => WireAnswer;
  readonly readEmbeddings: (
    body: unknown,
    route: WireRoute,
  ) => { readonly model: string; readonly texts: readonly string[]; readonly base64: boolean } | WireRefusal;
  readonly writeEmbeddings: (
    model: string,
    embeddings: readonly (readonly number[])[],
    tokens: number,
    base64: boolean,
  ) => object;
  readonly errorBody: (status: number, message: string) => object;
  /** An error in the middle of a stream. */
  readonly errorEvent: (message: string) => string;
}

export function isRefusal(value: object): value is WireRefusal {
  return 'status' in value && 'message' in value;
}

/** Text in pieces of a word, as models give it. */
export function fragmentsOf(text: string): readonly string[] {
  return text.match(/\s*\S+\s*/g) ?? (text === '' ? [] : [text]);
}

export function dataEvent(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}
