/** Gemini, from its server's side: https://ai.google.dev/api/generate-content */
import { z } from 'zod';
import type { FakeAnswer, FakeRequest } from './scenario.ts';
import { type Usage, type Wire, type WireRefusal, dataEvent, fragmentsOf } from './wire.ts';

const Part = z.looseObject({
  text: z.string().optional(),
  thoughtSignature: z.string().optional(),
  functionCall: z.looseObject({ id: z.string().optional(), name: z.string() }).optional(),
  functionResponse: z
    .looseObject({ id: z.string().optional(), name: z.string(), response: z.record(z.string(), z.unknown()) })
    .optional(),
});
const Content = z.strictObject({ role: z.enum(['user', 'model']).optional(), parts: z.array(Part).min(1) });
type Content = z.infer<typeof Content>;

/** Strict, as the real one: "Unknown name". */
const Body = z.strictObject({
  contents: z.array(Content).min(1),
  systemInstruction: z.strictObject({ role: z.string().optional(), parts: z.array(Part).min(1) }).optional(),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z
          .array(z.looseObject({ name: z.string(), parametersJsonSchema: z.unknown().optional() }))
          .optional(),
      }),
    )
    .optional(),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({ mode: z.string().optional(), allowedFunctionNames: z.array(z.string()).optional() })
        .optional(),
    })
    .optional(),
  generationConfig: z.looseObject({ responseJsonSchema: z.unknown().optional() }).optional(),
  safetySettings: z.array(z.unknown()).optional(),
});

const EmbeddingsBody = z.looseObject({
  requests: z
    .array(z.looseObject({ model: z.string(), content: z.looseObject({ parts: z.array(Part).min(1) }) }))
    .min(1),
});

const FINISH_REASONS = { complete: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' } as const;
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
const METHODS = {
  generateContent: { kind: 'chat', stream: false },
  streamGenerateContent: { kind: 'chat', stream: true },
  batchEmbedContents: { kind: 'embeddings' },
} as const;

export const GEMINI_WIRE: Wire = {
  provider: 'Gemini',
  prefix: 'gemini',
  route: (method, path) => {
    if (method === 'GET' && /^\/v1(?:beta)?\/models$/.test(path)) return { kind: 'models' };
    const match = /^\/v1(?:beta)?\/models\/([^/:]+):(\w+)$/.exec(path);
    const action = Object.entries(METHODS).find(([name]) => name === match?.[2])?.[1];
    if (method !== 'POST' || match?.[1] === undefined || action === undefined) return undefined;
    return { ...action, model: decodeURIComponent(match[1]) };
  },
  keyOf: (headers) => {
    const key = headers['x-goog-api-key'];
    return typeof key === 'string' ? key : undefined;
  },
  refuseHeaders: () => undefined,
  models: (names) => ({
    models: names.map((name) => ({
      name: `models/${name}`,
      supportedGenerationMethods: ['generateContent'],
    })),
  }),
  readChat: (body, { model = '', stream = false }) => {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return { status: 400, message: z.prettifyError(parsed.error) };
    const { contents, generationConfig } = parsed.data;
    const refusal = refuseSignatures(contents, model) ?? refuseResponses(contents);
    if (refusal !== undefined) return refusal;
    const schema = generationConfig?.responseJsonSchema;
    return {
      provider: 'Gemini',
      model,
      stream,
      userSays: textOf(contents.findLast(isUserText)),
      afterToolResult: contents.at(-1)?.parts.some(({ functionResponse }) => functionResponse) ?? false,
      ...askedTools(parsed.data),
      ...(schema !== undefined && { schema }),
    };
  },
  writeAnswer: (request, answer, usage, id) => {
    const common = { modelVersion: answer.servedModel ?? request.model, responseId: `fake${id}` };
    const finishReason = FINISH_REASONS[answer.finish ?? 'complete'];
    const calls = callParts(answer, id);
    const event = (parts: readonly object[], outputTokens: number, reason?: string): string =>
      dataEvent({
        candidates: [
          {
            content: { parts, role: 'model' },
            ...(reason !== undefined && { finishReason: reason }),
            index: 0,
          },
        ],
        usageMetadata: usageBody({ ...usage, outputTokens }),
        ...common,
      });
    const text = answer.text ?? '';
    return {
      usage,
      body: {
        candidates: [
          {
            content: { parts: [...(text === '' ? [] : [{ text }]), ...calls], role: 'model' },
            finishReason,
            index: 0,
          },
        ],
        usageMetadata: usageBody(usage),
        ...common,
      },
      events: [
        ...fragmentsOf(text).map((fragment, place) =>
          event([{ text: fragment }], Math.min(place + 1, usage.outputTokens)),
        ),
        ...calls.map((call) => event([call], usage.outputTokens)),
        event([{ text: '' }], usage.outputTokens, finishReason),
      ],
    };
  },
  readEmbeddings: (body, { model = '' }) => {
    const parsed = EmbeddingsBody.safeParse(body);
    if (!parsed.success) return { status: 400, message: z.prettifyError(parsed.error) };
    const texts = parsed.data.requests.map(({ content }) =>
      content.parts.map(({ text }) => text ?? '').join(''),
    );
    return { model, texts, base64: false };
  },
  writeEmbeddings: (_model, embeddings, tokens) => ({
    embeddings: embeddings.map((values) => ({ values })),
    usageMetadata: { promptTokenCount: tokens },
  }),
  errorBody: (status, message) => {
    // A wrong key is a wrong argument here.
    const code = status === 401 ? 400 : status;
    const reason = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' };
    return {
      error: {
        code,
        message,
        status: STATUS_NAMES[code] ?? 'UNKNOWN',
        ...(status === 401 && { details: [reason] }),
      },
    };
  },
  errorEvent: (message) => dataEvent({ error: { code: 503, message, status: 'UNAVAILABLE' } }),
};

function askedTools({
  tools = [],
  toolConfig,
}: z.infer<typeof Body>): Pick<FakeRequest, 'tools' | 'forcedTool'> {
  const declared = tools.flatMap(({ functionDeclarations }) => functionDeclarations ?? []);
  const calling = toolConfig?.functionCallingConfig;
  const [forcedTool = declared[0]?.name] = calling?.allowedFunctionNames ?? [];
  return {
    tools: declared.map(({ name, parametersJsonSchema }) => ({ name, parameters: parametersJsonSchema })),
    ...(calling?.mode === 'ANY' && forcedTool !== undefined && { forcedTool }),
  };
}

function textOf(content: { readonly parts: Content['parts'] } | undefined): string {
  return (content?.parts ?? []).map(({ text }) => text ?? '').join('');
}

function isUserText(content: Content): boolean {
  return content.role !== 'model' && content.parts.some(({ text }) => text !== undefined);
}

/** Since Gemini 3, the first function call of each step of the present turn must be signed. */
function refuseSignatures(contents: readonly Content[], model: string): WireRefusal | undefined {
  if (/^gemini-[12]/.test(model)) return undefined;
  const turn = contents.slice(contents.findLastIndex(isUserText) + 1);
  const unsigned = turn
    .map(({ parts }) => parts.find(({ functionCall }) => functionCall))
    .find((part) => part !== undefined && part.thoughtSignature === undefined);
  return unsigned === undefined
    ? undefined
    : { status: 400, message: 'Function call is missing a thought_signature in functionCall parts.' };
}

function refuseResponses(contents: readonly Content[]): WireRefusal | undefined {
  for (const [place, { parts }] of contents.entries()) {
    const calls = parts.filter(({ functionCall }) => functionCall).length;
    const answers = contents[place + 1]?.parts.filter(({ functionResponse }) => functionResponse).length ?? 0;
    if (calls > 0 && answers !== calls) {
      return {
        status: 400,
        message:
          'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      };
    }
  }
  return undefined;
}

function callParts(answer: FakeAnswer, id: string): readonly object[] {
  return (answer.toolCalls ?? []).map((call, index) => {
    const functionCall = { name: call.name, args: call.arguments, id: `fc_${id}${index}` };
    return index === 0 ? { functionCall, thoughtSignature: 'RmFrZSBzaWduYXR1cmU=' } : { functionCall };
  });
}

/** Protobuf leaves zeros out. */
function usageBody(usage: Usage): object {
  const promptTokenCount = usage.inputTokens + usage.cachedInputTokens + usage.cacheWriteTokens;
  const counts = {
    promptTokenCount,
    cachedContentTokenCount: usage.cachedInputTokens,
    candidatesTokenCount: usage.outputTokens,
    totalTokenCount: promptTokenCount + usage.outputTokens,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
