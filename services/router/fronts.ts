/** The one list of fronts: which dialect is spoken at which path. Another one is its dialect and a line here. */
import type { FastifyRequest } from 'fastify';
import type { FrontDialect } from '#domain/dialects/dialect.ts';
import { OPENAI_FRONT } from '#domain/dialects/openai/front.ts';

export interface Front {
  readonly dialect: FrontDialect;
  readonly chatPath: string;
  /** Only where the dialect has embeddings. */
  readonly embeddingsPath?: string;
}

export const FRONTS: readonly Front[] = [
  { dialect: OPENAI_FRONT, chatPath: '/v1/chat/completions', embeddingsPath: '/v1/embeddings' },
];

const DIALECTS: ReadonlyMap<string | undefined, FrontDialect> = new Map(
  FRONTS.flatMap(({ dialect, chatPath, embeddingsPath }) =>
    [chatPath, embeddingsPath].map((path) => [path, dialect] as const),
  ),
);

/** In which dialect a refusal is told; of paths that are not there, and of `/internal`, in OpenAI's. */
export function frontDialectOf(request: FastifyRequest): FrontDialect {
  return DIALECTS.get(request.routeOptions.url) ?? OPENAI_FRONT;
}
