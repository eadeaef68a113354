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
import { type TemplateCheck, checkTemplate } from './check-template.ts';
import type { FrontMatterYaml } from './front-matter-yaml.ts';
import { type FrontMatter, type FrontMatterResult, readFrontMatter } from './front-matter.ts';
import { canonicalPromptText } from './prompt-digest.ts';
import { dotprompt } from './template-helpers.ts';
import {
  type SchemaFault,
  type VariablesSchema,
  findDefaultsProblem,
  readSchema,
  readVariablesSchema,
  untypedVariables,
} from './variables-schema.ts';

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

/**
 * Parsed in the operator, for every tenant: text, front matter and template are limited in size, depth and count before
 * what reads them recurses or multiplies.
 */
export async function parsePrompt(text: string): Promise<PromptResult> {
  if (countCharacters(text) > PROMPT_TEXT_MAXIMUM_LENGTH) {
    return fault('TemplateInvalid', 1, `the prompt is longer than ${PROMPT_TEXT_MAXIMUM_LENGTH} characters`);
  }
  const read = readFrontMatter(withLineFeeds(canonicalPromptText(text)));
  if (!read.ok) return fault('FrontMatterInvalid', read.line, read.problem);
  const { frontMatter, template, yaml } = read;
  if (template === '') return fault('TemplateInvalid', read.templateLine, 'there is no template');
  const output = readOutput(frontMatter, yaml);
  if (!output.ok) return fault('FrontMatterInvalid', output.line, output.problem);
  const checked = checkVariables(read);
  if (!checked.ok) return checked;
  const { variables } = checked;
  return {
    ok: true,
    prompt: {
      ...(frontMatter.name === undefined ? {} : { name: frontMatter.name }),
      ...(frontMatter.model === undefined ? {} : { model: frontMatter.model }),
      tools: frontMatter.tools ?? [],
      settings: settingsOf(frontMatter.config ?? {}),
      variables: variables.names,
      variablesSchema: variables.schema,
      defaults: frontMatter.input?.default ?? {},
      hasHistory: checked.hasHistory,
      output: output.value,
      template,
      findVariableProblems: variables.findProblems,
      compiled: await dotprompt.compile({ template: checked.guardedTemplate }),
    },
  };
}

/** A file with CR line ends alone is one line to whoever does not know them, its front matter a text for the model. */
function withLineFeeds(text: string): string {
  return text.includes('\n') ? text : text.replaceAll('\r', '\n');
}

type ReadTemplate = Extract<TemplateCheck, { readonly ok: true }>;

type CheckedVariables =
  | (ReadTemplate & {
      readonly variables: Extract<VariablesSchema, { readonly ok: true }>;
    })
  | PromptFault;

/** Schema, template and defaults, each against the other. */
function checkVariables(read: Extract<FrontMatterResult, { readonly ok: true }>): CheckedVariables {
  const { frontMatter, template, templateLine, yaml } = read;
  const defaults = frontMatter.input?.default ?? {};
  const declared = frontMatter.input?.schema === undefined ? undefined : readVariablesSchema(yaml);
  if (declared?.ok === false) return fault('VariablesSchemaInvalid', declared.line, declared.problem);
  const checked = checkTemplate(template, declared?.schema ?? UNDECLARED);
  if (!checked.ok) return fault('TemplateInvalid', templateLine + checked.line - 1, checked.problem);
  const variables = declared ?? variablesRead(checked, Object.keys(defaults), templateLine);
  if (!variables.ok) return fault('VariablesSchemaInvalid', variables.line, variables.problem);
  const unfit = findDefaultsProblem(defaults, variables.schema);
  if (unfit !== undefined) {
    return fault('VariablesSchemaInvalid', yaml.lineOf(['input', 'default']), `input.default: ${unfit}`);
  }
  return { ...checked, variables };
}

/** A problem may quote the text that it is about; it goes into a condition. */
const PROBLEM_MAXIMUM_CHARACTERS = 1_000;

/** Any variables of any type, as dotprompt lays down for a prompt that declares none. */
const UNDECLARED: JsonSchema = { type: 'object' };

/**
 * The variables of a prompt that declares none are those that its template reads and its defaults name. One that is
 * printed and has no default must be given: it would be printed as nothing.
 */
function variablesRead(
  { reads, readsAll }: Pick<ReadTemplate, 'reads' | 'readsAll'>,
  defaults: readonly string[],
  templateLine: number,
): VariablesSchema {
  const names = [...new Set([...reads.keys(), ...defaults])];
  const required = names.filter((name) => reads.get(name) === 'printed' && !defaults.includes(name));
  return untypedVariables({ names, required, takesOthers: readsAll }, (problem) => ({
    ok: false,
    line: templateLine,
    problem,
  }));
}

/** Characters as the API server counts them: one outside of the basic plane is one, not two. */
function countCharacters(text: string): number {
  return text.length <= PROMPT_TEXT_MAXIMUM_LENGTH ? text.length : text.length - countPairs(text);
}

function countPairs(text: string): number {
  // More than that and it is too long anyway.
  return text.slice(0, 2 * PROMPT_TEXT_MAXIMUM_LENGTH).match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0;
}

function readOutput(
  frontMatter: FrontMatter,
  yaml: FrontMatterYaml,
): { readonly ok: true; readonly value: ParsedPrompt['output'] } | SchemaFault {
  const path = ['output', 'schema'];
  const format = frontMatter.output?.format;
  const value = format === undefined ? {} : { format };
  if (frontMatter.output?.schema === undefined) return { ok: true, value };
  const line = yaml.lineOf(path);
  if (format === 'text') {
    return { ok: false, line, problem: 'output.format text and output.schema exclude each other' };
  }
  const read = readSchema(yaml, path);
  if (!read.ok) return read;
  const compiled = compileJsonSchema(read.schema);
  if (!compiled.ok) return { ok: false, line, problem: `output.schema is not valid: ${compiled.message}` };
  return { ok: true, value: { ...value, schema: read.schema } };
}

function settingsOf(config: NonNullable<FrontMatter['config']>): ModelSettings {
  const isSetting = ([key, value]: readonly [string, unknown]): boolean =>
    key !== 'version' && value !== undefined;
  return Object.fromEntries(Object.entries(config).filter(isSetting));
}

function fault(reason: PromptFault['reason'], line: number, problem: string): PromptFault {
  const short =
    problem.length > PROBLEM_MAXIMUM_CHARACTERS
      ? `${problem.slice(0, PROBLEM_MAXIMUM_CHARACTERS)}…`
      : problem;
  return { ok: false, reason, line, problem: short, message: `line ${line}: ${short}` };
}
