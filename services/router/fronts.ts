/** The one list of fronts: which dialect is spoken at which path. Another one is its dialect and a line here. */
import type { FastifyRequest } from 'fastify';
import { ANTHROPIC_FRONT } from '#domain/dialects/anthropic/front.ts';
import type { FrontDialect, RequestPath } from '#domain/dialects/dialect.ts';
import { GEMINI_FRONT } from '#domain/dialects/gemini/front.ts';
import { OPENAI_FRONT } from '#domain/dialects/openai/front.ts';

export interface Front {
  readonly dialect: FrontDialect;
  readonly chatPath: string;
  /** For a dialect that says in its path what others say in the body. Undefined for a path that is none of its own. */
  readonly readPath?: (parameters: Readonly<Record<string, string>>) => RequestPath | undefined;
  /** Only where the dialect has embeddings. */
  readonly embeddingsPath?: string;
}

export const FRONTS: readonly Front[] = [
  { dialect: OPENAI_FRONT, chatPath: '/v1/chat/completions', embeddingsPath: '/v1/embeddings' },
  { dialect: ANTHROPIC_FRONT, chatPath: '/v1/messages' },
  // Google's clients ask one or the other, by their age.
  { dialect: GEMINI_FRONT, chatPath: '/v1/models/:call', readPath: readGeminiPath },
  { dialect: GEMINI_FRONT, chatPath: '/v1beta/models/:call', readPath: readGeminiPath },
];

/** `auto:generateContent`, `auto:streamGenerateContent`. */
function readGeminiPath({ call = '' }: Readonly<Record<string, string>>): RequestPath | undefined {
  const [, model, action] = /^([^:]+):(generateContent|streamGenerateContent)$/.exec(call) ?? [];
  return model === undefined ? undefined : { model, isStreamed: action === 'streamGenerateContent' };
}

const DIALECTS: ReadonlyMap<string | undefined, FrontDialect> = new Map(
  FRONTS.flatMap(({ dialect, chatPath, embeddingsPath }) =>
    [chatPath, embeddingsPath].map((path) => [path, dialect] as const),
  ),
);

/** In which dialect a refusal is told; of paths that are not there, and of `/internal`, in OpenAI's. */
export function frontDialectOf(request: FastifyRequest): FrontDialect {
  return DIALECTS.get(request.routeOptions.url) ?? OPENAI_FRONT;
}
