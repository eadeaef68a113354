/**
 * Parses one dotprompt file (https://google.github.io/dotprompt) into what the operator checks and the
 * agent-runtime serves. Everything that can be wrong with a prompt is found here, before it is released.
 */
import type { PromptFunction } from 'dotprompt';
import { PROMPT_TEXT_MAXIMUM_LENGTH } from '#crds/prompt-version.ts';
import {
  type FindProblems,
  type JsonSchema,
  compileJsonSchema,
} from '#domain/json-schema/compile-json-schema.ts';
import { checkTemplate } from './check-template.ts';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';
import { canonicalPromptText } from './prompt-digest.ts';
import { dotprompt } from './template-helpers.ts';
import { findDefaultsProblem, readSchema, readVariablesSchema } from './variables-schema.ts';

/** What the front matter asks of the model, under `config`. */
export interface ModelSettings {
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stopSequences?: readonly string[];
}

export interface ParsedPrompt {
  /** `name` of the front matter, when given. */
  readonly name?: string;
  /** A hint for people: which model answers is decided by the Agent's modelPolicy. */
  readonly model?: string;
  /** Tools that the author counts on; which may be called is decided by the Agent. */
  readonly tools: readonly string[];
  readonly settings: ModelSettings;
  /** Names of the variables, in the order of the schema. */
  readonly variables: readonly string[];
  readonly variablesSchema: JsonSchema;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether the template says where the conversation goes. */
  readonly hasHistory: boolean;
  /** `output` of the front matter; the Agent's output.schema comes before it. */
  readonly output: { readonly format?: 'json' | 'text'; readonly schema?: JsonSchema };
  readonly template: string;
  /** For renderPrompt. */
  readonly findVariableProblems: FindProblems;
  readonly compiled: PromptFunction;
}

/** `message` is `line <n>: <one sentence>`; `line` is counted from 1 in the file. */
export interface PromptFault {
  readonly ok: false;
  readonly reason: 'FrontMatterInvalid' | 'TemplateInvalid' | 'VariablesSchemaInvalid';
  readonly message: string;
  readonly line: number;
  readonly problem: string;
}

export type PromptResult = { readonly ok: true; readonly prompt: ParsedPrompt } | PromptFault;

export async function parsePrompt(text: string): Promise<PromptResult> {
  if (text.length > PROMPT_TEXT_MAXIMUM_LENGTH) {
    return fault('TemplateInvalid', 1, `the prompt is longer than ${PROMPT_TEXT_MAXIMUM_LENGTH} characters`);
  }
  const read = readFrontMatter(canonicalPromptText(text));
  if (!read.ok) return fault('FrontMatterInvalid', read.line, read.problem);
  const { frontMatter, lineOf } = read;

  const variables = await readVariablesSchema(frontMatter.input?.schema);
  if (!variables.ok) return fault('VariablesSchemaInvalid', lineOf(['input', 'schema']), variables.problem);
  const defaults = frontMatter.input?.default ?? {};
  const unfitDefaults = findDefaultsProblem(defaults, variables.schema);
  if (unfitDefaults !== undefined) {
    return fault('VariablesSchemaInvalid', lineOf(['input', 'default']), `input.default: ${unfitDefaults}`);
  }
  const output = await readOutput(frontMatter);
  if (!output.ok) return fault('FrontMatterInvalid', lineOf(['output']), output.problem);

  if (read.template === '') {
    return fault('TemplateInvalid', read.templateLine, 'there is no template after the front matter');
  }
  const checked = checkTemplate(read.template, variables.schema);
  if (!checked.ok) return fault('TemplateInvalid', read.templateLine + checked.line - 1, checked.problem);
  const compiled = await dotprompt.compile({ template: checked.guardedTemplate });
  return {
    ok: true,
    prompt: {
      ...(frontMatter.name === undefined ? {} : { name: frontMatter.name }),
      ...(frontMatter.model === undefined ? {} : { model: frontMatter.model }),
      tools: frontMatter.tools ?? [],
      settings: definedOnly(frontMatter.config ?? {}),
      variables: variables.names,
      variablesSchema: variables.schema,
      defaults,
      hasHistory: checked.hasHistory,
      output: output.value,
      template: read.template,
      findVariableProblems: variables.findProblems,
      compiled,
    },
  };
}

async function readOutput(
  frontMatter: FrontMatter,
): Promise<
  | { readonly ok: true; readonly value: ParsedPrompt['output'] }
  | { readonly ok: false; readonly problem: string }
> {
  const format = frontMatter.output?.format;
  const value = format === undefined ? {} : { format };
  if (frontMatter.output?.schema === undefined) return { ok: true, value };
  if (format === 'text')
    return { ok: false, problem: 'output.format text and output.schema exclude each other' };
  const read = await readSchema(frontMatter.output.schema, 'output.schema');
  if (!read.ok) return read;
  const compiled = compileJsonSchema(read.schema);
  if (!compiled.ok) return { ok: false, problem: `output.schema is not valid: ${compiled.message}` };
  return { ok: true, value: { ...value, schema: read.schema } };
}

function definedOnly(settings: NonNullable<FrontMatter['config']>): ModelSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function fault(reason: PromptFault['reason'], line: number, problem: string): PromptFault {
  return { ok: false, reason, line, problem, message: `line ${line}: ${problem}` };
}
