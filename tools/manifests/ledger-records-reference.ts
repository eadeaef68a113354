/** docs/reference/ledger-records.md from the schemas of records, so that the page cannot say anything else. */
import { z } from 'zod';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { LedgerRecord, type RecordType } from '#domain/ledger/ledger-record.ts';
import { SECURITY_EVENTS } from '#domain/ledger/security-events.ts';

const MEANINGS: Readonly<Record<RecordType, string>> = {
  run_begun: 'A run begins. Told by the agent before its first thought.',
  model_call: 'One request to the router, after all its attempts. Told by the router.',
  model_attempt:
    'One attempt of a model call: the only record that carries a charge. Told by the router. Without `costNanoUsd` the price is not known.',
  cycle: 'One ReAct cycle as the agent saw it: what it sent, what came back, what it made of it.',
  policy_decision: 'Who or what let something happen, or did not.',
  tool_intent:
    'A tool is about to run. On the disk before a tool with an effect runs; `callId` goes to the tool as its idempotency key.',
  tool_result:
    'What became of a tool call. `not_recorded`: it did not run because its intent could not be made durable.',
  run_ended:
    'A run ends. `records` counts what the agent told of it, this one included: a missing one is seen.',
  outcome: 'What became of a run by a measure of ours: a judge, a check, a business event.',
  feedback: 'What a person or another system says of a run: `POST /v1/feedback`.',
  security_event: 'Something for whoever watches over security.',
  probe_round:
    'One round of scheduled probes of an agent, told at its end whatever came of it. Each of its cases is a run of its own, whose `run.purpose` is `probe`, with an `outcome` of the judge `probe`.',
  rollout_decision: 'A CanaryRollout moved, or was kept from moving. Told by the operator.',
  key_rotation: 'Which Model now uses which Secret in which version; never the key.',
  content_access:
    'Somebody read texts that are kept apart, or had them erased. Texts whose days are over leave no record: `contentRetentionDays` says when they go.',
  command: 'What a person asked of the platform through the console: written before it is done.',
  silence:
    'Somebody said of a finding that it is expected, or that nobody is to be told, and until when; or took that back.',
  gap: 'Something is missing here, and it is known.',
  reported_span: "A span that an agent of somebody else's told by OTLP: a claim, never billed.",
};

interface JsonSchema {
  readonly type?: string;
  readonly const?: string | number;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** Fields that all records have: explained once. */
const ENVELOPE = ['id', 'type', 'namespace', 'atMicroseconds', 'source'] as const;

export function ledgerRecordsReference(notice: string): string {
  const schemas = LedgerRecord.options.map((option) => schemaOf(option));
  const [first] = schemas;
  const envelope = ENVELOPE.map((name) => [name, first?.properties?.[name] ?? {}] as const);
  const entry = schemaOf(LedgerEntry);
  return [
    `<!-- ${notice} -->`,
    '# Records of the ledger',
    '',
    'What processes tell the ledger, by `type`. Hashed rows hold integers and strings only; times are microseconds since 1970,',
    'money is in billionths of a US dollar. A field with `?` may be absent. A field that is not here is refused.',
    '[ledger.md](ledger.md) says how records are told and read.',
    '',
    '## In every record',
    '',
    ...tableOf(envelope, new Set(ENVELOPE), 'type'),
    '',
    'The same `id` with the same content is the same record; with another content it is refused. `source` counts what one start',
    'of one process tells, from 1 and without holes, so that what is lost on the way is seen.',
    '',
    'A text (`input`, `sent`, `answer`, `arguments`, `result`, `output`, `comment`) never stands in a record. In its place stand',
    "its length and, unless the Agent's `audit.content` is `None`, a commitment to it: HMAC-SHA-256 under a key of the run that",
    'is kept with the texts. With the key erased, not even a text of one word can be guessed.',
    '',
    ...schemas.flatMap((schema) => sectionOf(schema)),
    '## Security events',
    '',
    '| `event` | Severity | OWASP | Meaning |',
    '|---|---|---|---|',
    ...Object.entries(SECURITY_EVENTS).map(
      ([event, { severity, owasp, meaning, ...more }]) =>
        `| \`${event}\` | ${severity} | ${owasp.join(', ')} | ${meaning}${'isOwnConduct' in more ? ' Holds up a release.' : ''} |`,
    ),
    '',
    '## What is hashed',
    '',
    'The ledger wraps each record into an entry. Its canonical JSON (RFC 8785) in UTF-8, at most 65,535 bytes, is the leaf of the',
    "namespace's tree (RFC 6962) and the link of the run's chain.",
    '',
    ...tableOf(
      Object.entries(entry.properties ?? {}).filter(([name]) => name !== 'record'),
      new Set(entry.required),
    ),
    '| `record` | the record as it was told |',
    '',
  ].join('\n');
}

function schemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
}

function sectionOf({ properties = {}, required = [] }: JsonSchema): readonly string[] {
  const type = String(properties['type']?.const) as RecordType;
  const fields = Object.entries(properties).filter(
    ([name]) => !(ENVELOPE as readonly string[]).includes(name),
  );
  return [`## \`${type}\``, '', MEANINGS[type], '', ...tableOf(fields, new Set(required)), ''];
}

function tableOf(
  fields: readonly (readonly [string, JsonSchema])[],
  required: ReadonlySet<string>,
  typeName?: string,
): readonly string[] {
  const rows = fields.map(([name, schema]) => {
    const words = name === typeName ? 'one of the types below' : wordsOf(schema);
    return `| \`${name}${required.has(name) ? '' : '?'}\` | ${words} |`;
  });
  return ['| Field | What it is |', '|---|---|', ...rows];
}

function wordsOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${each}\``).join(', ');
  if (schema.type === 'object') return `object: ${objectWords(schema)}`;
  if (schema.type === 'array') {
    const most = schema.maxItems === undefined ? '' : `at most ${schema.maxItems} of: `;
    return `list, ${most}${wordsOf(schema.items ?? {})}`;
  }
  return schema.type === 'integer' ? integerWords(schema) : stringWords(schema);
}

function objectWords({ properties = {}, required = [] }: JsonSchema): string {
  return Object.entries(properties)
    .map(([name, schema]) => `\`${name}${required.includes(name) ? '' : '?'}\` (${wordsOf(schema)})`)
    .join(', ');
}

function integerWords({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema): string {
  return maximum === Number.MAX_SAFE_INTEGER
    ? `integer from ${minimum}`
    : `integer from ${minimum} to ${maximum}`;
}

function stringWords({ pattern, maxLength }: JsonSchema): string {
  if (pattern !== undefined) return `string like \`${pattern.replaceAll('|', '\\|')}\``;
  return maxLength === undefined ? 'string' : `string, at most ${maxLength} characters`;
}
