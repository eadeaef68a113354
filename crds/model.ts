/** Model: one model at one provider, as the router may use it for the agents of this namespace. */
import { z } from 'zod';
import type { ClaimOf, ConditionTable } from './conditions.ts';
import { type KindDefinition, type KindObject, LIST_SET, celRules, kindStatus } from './kind-definition.ts';
import { ApiUrl } from './http-url.ts';
import { ResourceName, UsDollars } from './object-meta.ts';

export const PROVIDERS = ['OpenAI', 'Anthropic', 'Gemini', 'OpenAICompatible'] as const;
export type Provider = (typeof PROVIDERS)[number];

export const CAPABILITIES = ['Chat', 'Tools', 'JsonSchema', 'Vision', 'Embeddings'] as const;
export type Capability = (typeof CAPABILITIES)[number];

export const DATA_CLASSES = ['Public', 'Internal', 'Confidential', 'Restricted'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

const usdPerMillionTokens = (what: string): z.ZodOptional<z.ZodString> =>
  UsDollars.optional().describe(`US dollars for a million ${what}, a decimal string such as "0.15".`);

export const ModelPrice = z
  .strictObject({
    inputUsdPerMillionTokens: UsDollars.describe(
      'US dollars for a million input tokens, a decimal string such as "0.15".',
    ),
    outputUsdPerMillionTokens: UsDollars.describe(
      'US dollars for a million output tokens, a decimal string such as "0.60".',
    ),
    cachedInputUsdPerMillionTokens: usdPerMillionTokens(
      "input tokens read from the provider's cache; the input price when not given",
    ),
    cacheWriteUsdPerMillionTokens: usdPerMillionTokens(
      "input tokens written to the provider's cache; the input price when not given",
    ),
  })
  .describe('Price that replaces the built-in price table. An unknown price is never free.');
export type ModelPrice = z.infer<typeof ModelPrice>;

export const ModelTimeouts = z
  .strictObject({
    connectSeconds: z
      .int()
      .min(1)
      .max(60)
      .optional()
      .describe('Longest wait for a connection; 5 when not given.'),
    firstByteSeconds: z
      .int()
      .min(1)
      .max(600)
      .optional()
      .describe(
        'Longest wait for the first content of a streamed answer; 60 when not given. A whole answer comes when all of it is made, so it has totalSeconds.',
      ),
    idleSeconds: z
      .int()
      .min(1)
      .max(600)
      .optional()
      .describe(
        'Longest time without content inside an answer that has begun, whatever else is sent; 30 when not given.',
      ),
    totalSeconds: z
      .int()
      .min(1)
      .max(3600)
      .optional()
      .describe(
        'Longest duration of one attempt, and the only limit on the wait for a whole answer; 300 when not given.',
      ),
  })
  .describe('When an attempt at this model is given up.');

export const ModelSpec = z
  .strictObject({
    provider: z.enum(PROVIDERS).describe('The wire format that the endpoint speaks.'),
    endpoint: ApiUrl.max(512)
      .optional()
      .describe(
        "Base URL up to and including the version, for example https://api.openai.com/v1. The provider's public one when not given.",
      ),
    model: z.string().min(1).max(256).describe("The provider's own name of the model."),
    keyFrom: z
      .strictObject({
        secretRef: z
          .strictObject({
            name: ResourceName.describe('Name of a Secret in the same namespace.'),
            key: z
              .string()
              .min(1)
              .max(253)
              .optional()
              .describe('Key inside the Secret; "key" when not given.'),
          })
          .describe(
            'The Secret that holds the API key. A changed Secret is used in seconds, without a restart.',
          ),
      })
      .optional()
      .describe('Where the API key is. Only the router ever reads it.'),
    capabilities: z
      .array(z.enum(CAPABILITIES))
      .min(1)
      .max(8)
      .meta(LIST_SET)
      .describe('What the model can do.'),
    contextTokens: z
      .int()
      .min(1)
      .max(100_000_000)
      .optional()
      .describe('How many tokens fit in the context window.'),
    price: ModelPrice.optional(),
    dataClasses: z
      .array(z.enum(DATA_CLASSES))
      .max(4)
      .optional()
      .meta(LIST_SET)
      .describe('Data classes that may be sent to this model; Public and Internal when not given.'),
    timeouts: ModelTimeouts.optional(),
  })
  .meta(
    celRules(
      {
        rule: "self.provider != 'OpenAICompatible' || has(self.endpoint)",
        message:
          'an OpenAICompatible model needs an endpoint, for example http://my-model.default.svc:8080/v1',
      },
      {
        rule: "self.provider == 'OpenAICompatible' || has(self.keyFrom)",
        message: 'models of OpenAI, Anthropic and Gemini need keyFrom.secretRef',
      },
      {
        rule: "self.provider != 'OpenAICompatible' || has(self.price)",
        message:
          'an OpenAICompatible model needs a price ("0" for your own machine): no price table knows it, and an unknown price is never free',
      },
      {
        rule: "!has(self.endpoint) || self.endpoint.startsWith('https://') || !has(self.keyFrom) || self.endpoint.matches('^http://[^/:]+[.]svc([.]cluster[.]local)?(:[0-9]+)?(/.*)?$')",
        message:
          'a key is only sent over https://, or to a Service of this cluster (http://NAME.NAMESPACE.svc)',
      },
    ),
  )
  .describe('The model and how it is reached.');
export type ModelSpec = z.infer<typeof ModelSpec>;

export const MODEL_CONDITIONS = {
  ResolvedRefs: {
    Resolved: { status: 'True', meaning: 'The Secret holds the key.' },
    NoKeyNeeded: { status: 'True', meaning: 'The Model has no `keyFrom`.' },
    SecretNotFound: {
      status: 'False',
      meaning: 'The Secret does not exist in this namespace.',
      remedy: 'Create it, or correct `spec.keyFrom.secretRef.name`.',
    },
    SecretKeyMissing: {
      status: 'False',
      meaning: 'The Secret has no such key, or an empty one.',
      remedy: 'Add it, or correct `spec.keyFrom.secretRef.key`.',
    },
    SecretKeyMalformed: {
      status: 'False',
      meaning:
        'The Secret has the key, and its value cannot be sent in an HTTP header: it has several lines, a space, or a character beyond ASCII.',
      remedy: 'Write the key anew, without quotes, line feeds or spaces inside.',
    },
    Unknown: {
      status: 'Unknown',
      meaning: 'The router was not asked yet, or did not answer.',
      remedy: 'It is tried again by itself.',
    },
  },
  PriceKnown: {
    PriceOverride: { status: 'True', meaning: 'The price is that of `spec.price`.' },
    PriceTable: { status: 'True', meaning: 'The price is in the built-in table.' },
    PriceUnknown: {
      status: 'False, Unknown',
      meaning: 'No price is known. An unknown price is never free: the Model is not used.',
      remedy: 'Set `spec.price`.',
    },
  },
  Reachable: {
    Reachable: { status: 'True', meaning: 'The endpoint answers.' },
    ConnectionFailed: {
      status: 'False',
      meaning: 'There is no connection: name, address or network.',
      remedy: 'Correct `spec.endpoint`, or let the router through.',
    },
    CertificateNotTrusted: {
      status: 'False',
      meaning: 'The endpoint answers with a certificate that the router does not trust.',
      remedy: 'The message says what is wrong with it and how to mend that.',
    },
    ServerError: {
      status: 'False',
      meaning:
        'The endpoint answers with an error of its own, does not finish its answer, or is not one of this provider.',
      remedy: 'Wait, ask the provider, or correct `spec.endpoint`.',
    },
    NotProbed: {
      status: 'Unknown',
      meaning: 'It was not tried, because something before it is missing, or the router did not answer.',
      remedy: 'It is tried again by itself.',
    },
  },
  KeyAccepted: {
    KeyAccepted: { status: 'True', meaning: 'The provider takes the key.' },
    NoKeyNeeded: { status: 'True', meaning: 'The Model has no `keyFrom`.' },
    KeyRefused: {
      status: 'False',
      meaning: 'The provider refuses the key.',
      remedy: 'Put a valid key into the Secret; it is used within seconds.',
    },
    NotProbed: {
      status: 'Unknown',
      meaning:
        'As for `Reachable`; or the endpoint has no list of models to try the key on, or limits how often it is asked for.',
      remedy: 'It is tried again by itself.',
    },
  },
  Ready: {
    Ready: {
      status: 'True',
      meaning: 'The router can use the Model. Whether the key is taken need not be known.',
    },
    RefsNotResolved: {
      status: 'False',
      meaning: '`ResolvedRefs` is False.',
      remedy: 'See `ResolvedRefs`.',
    },
    PriceUnknown: { status: 'False', meaning: '`PriceKnown` is False.', remedy: 'Set `spec.price`.' },
    NotReachable: {
      status: 'False, Unknown',
      meaning:
        '`Reachable` has been False for more than 20 s; Unknown when the spec was changed less than that ago.',
      remedy: 'See `Reachable`.',
    },
    KeyRefused: { status: 'False', meaning: '`KeyAccepted` is False.', remedy: 'See `KeyAccepted`.' },
    NotProbed: {
      status: 'Unknown',
      meaning: 'Something is not known yet.',
      remedy: 'It is tried again by itself.',
    },
  },
} as const satisfies ConditionTable;
export type ModelConditionClaim = ClaimOf<typeof MODEL_CONDITIONS>;

export const ModelStatus = kindStatus({}, 'What was observed of the model.');
export type ModelStatus = z.infer<typeof ModelStatus>;
export type Model = KindObject<ModelSpec, ModelStatus>;

export const MODEL = {
  kind: 'Model',
  plural: 'models',
  shortNames: [],
  description:
    'Model is one model at one provider. The router uses it for the agents of the same namespace that allow it.',
  spec: ModelSpec,
  status: ModelStatus,
  conditions: MODEL_CONDITIONS,
  conditionsNote:
    'The router reads the key and tries the endpoint; the operator writes down what it was told. A Model that was ready stays so for 20 s while its endpoint fails, and for five minutes while the router does not answer.',
  printerColumns: [
    { name: 'Provider', type: 'string', jsonPath: '.spec.provider', description: 'The wire format.' },
    {
      name: 'Model',
      type: 'string',
      jsonPath: '.spec.model',
      description: "The provider's name of the model.",
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the router can use it.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Why or why not.',
    },
    { name: 'Endpoint', type: 'string', jsonPath: '.spec.endpoint', description: 'Base URL.', priority: 1 },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'When it was created.',
    },
  ],
} satisfies KindDefinition;
