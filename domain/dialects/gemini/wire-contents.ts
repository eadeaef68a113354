/** What callers of generateContent send. Optional fields may be null; what is not named here is kept as it came. */
import { z } from 'zod';

export const MAXIMUM_CONTENTS = 10_000;
export const MAXIMUM_PARTS = 5000;
export const MAXIMUM_TOOLS = 1000;

const Text = z.string().nullish();
const Count = z.number().nullish();
const WireObject = z.record(z.string(), z.unknown());

export const WirePart = z.looseObject({
  text: Text,
  thought: z.boolean().nullish(),
  thoughtSignature: Text,
  inlineData: z.looseObject({ mimeType: z.string(), data: z.string() }).nullish(),
  functionCall: z.looseObject({ id: Text, name: z.string().min(1), args: WireObject.nullish() }).nullish(),
  functionResponse: z
    .looseObject({ id: Text, name: z.string().min(1), response: WireObject.nullish() })
    .nullish(),
});
export type WirePart = z.infer<typeof WirePart>;

export const WireContent = z.looseObject({
  role: z.enum(['user', 'model', 'function']).nullish(),
  parts: z.array(z.unknown()).nullish(),
});

export const WireFunction = z.looseObject({
  name: z.string().min(1),
  description: Text,
  parameters: WireObject.nullish(),
  parametersJsonSchema: WireObject.nullish(),
});

export const WireTool = z.looseObject({ functionDeclarations: z.array(z.unknown()).nullish() });

const WireGenerationConfig = z.looseObject({
  temperature: Count,
  topP: Count,
  topK: Count,
  maxOutputTokens: z.int().positive().nullish(),
  stopSequences: z.array(z.string()).max(100).nullish(),
  seed: Count,
  presencePenalty: Count,
  frequencyPenalty: Count,
  candidateCount: z.int().positive().nullish(),
  responseMimeType: Text,
  responseSchema: WireObject.nullish(),
  responseJsonSchema: WireObject.nullish(),
  thinkingConfig: z.looseObject({ thinkingLevel: Text, thinkingBudget: Count }).nullish(),
});
export const GENERATION_FIELDS: ReadonlySet<string> = new Set(Object.keys(WireGenerationConfig.shape));

export const WireRequest = z.looseObject({
  contents: z.array(z.unknown()).min(1),
  systemInstruction: z
    .union([z.string(), z.looseObject({ parts: z.array(z.unknown()).nullish() })])
    .nullish(),
  tools: z.array(z.unknown()).nullish(),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({ mode: Text, allowedFunctionNames: z.array(z.string()).max(MAXIMUM_TOOLS).nullish() })
        .nullish(),
    })
    .nullish(),
  generationConfig: WireGenerationConfig.nullish(),
});
export type WireRequest = z.infer<typeof WireRequest>;
export const REQUEST_FIELDS: ReadonlySet<string> = new Set(Object.keys(WireRequest.shape));
