/** Which SIEMs get which events: a JSON file, as the chart writes it. */
import { z } from 'zod';
import { HttpUrl } from '#crds/http-url.ts';

const path = z.string().min(1).max(1024);

const every = {
  /** Names the cursor: under a new name everything is sent again. */
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  /** SecurityEvents: findings only. All: calls of models and tools as well. */
  events: z.enum(['SecurityEvents', 'All']).default('SecurityEvents'),
  /** Where a sink begins that was never there before. */
  from: z.enum(['Beginning', 'Now']).default('Beginning'),
};

const JsonLines = z.strictObject({
  ...every,
  type: z.literal('JsonLines'),
  /** A file; the standard output when not given. */
  path: path.optional(),
  maximumMebibytes: z.int().min(1).max(1_048_576).default(256),
});

const Https = z.strictObject({
  ...every,
  type: z.enum(['Https', 'OtlpLogs']),
  url: HttpUrl,
  /** Of Https only; OtlpLogs has one of its own. */
  format: z.enum(['JsonArray', 'JsonLines', 'SplunkHec']).default('JsonArray'),
  tokenPath: path.optional(),
  certificateAuthoritiesPath: path.optional(),
});

const SyslogTls = z.strictObject({
  ...every,
  type: z.literal('SyslogTls'),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).default(6514),
  certificateAuthoritiesPath: path.optional(),
  certificatePath: path.optional(),
  keyPath: path.optional(),
});

const Sink = z.discriminatedUnion('type', [JsonLines, Https, SyslogTls]);

export const SinkConfiguration = z
  .array(Sink)
  .max(16)
  .refine((sinks) => new Set(sinks.map(({ name }) => name)).size === sinks.length, {
    message: 'two sinks have the same name',
  });
export type SinkSettings = z.infer<typeof Sink>;
