/** The files of an evaluation, read and made ready; what is wrong with one is told before anything is asked. */
import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { AgentSpec } from '#crds/agent.ts';
import { buildAgentConfiguration } from '#domain/agent/build-agent-configuration.ts';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { readBoundedYaml } from '#domain/bounded-yaml/bounded-yaml.ts';
import { isModelGraded } from '#domain/evaluation/assertion-types.ts';
import {
  EvaluatedAgent,
  type EvaluatedVersion,
  prepareVersion,
} from '#domain/evaluation/evaluated-version.ts';
import type { VerdictReason } from '#domain/evaluation/gate-verdict.ts';
import type { GoldenSet } from '#domain/evaluation/golden-set.ts';
import { FILE_MAXIMUM_CHARACTERS } from '#domain/evaluation/read-file-format.ts';
import { readGoldenSet } from '#domain/evaluation/read-golden-set.ts';
import { renderPrompt } from '#domain/prompts/render-prompt.ts';
import { readTextFile } from '../read-text-file.ts';

const GIT_MAXIMUM_BYTES = 1024 * 1024;
const GIT_MILLISECONDS = 30_000;

/** Ends the evaluation with the verdict Error. */
export class InputProblem extends Error {
  readonly reason: VerdictReason;
  constructor(reason: VerdictReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface InputFiles {
  readonly prompt: string;
  readonly stable?: string;
  /** `git:REF`: the same file as it is there. */
  readonly stableRef?: string;
  readonly goldenSet: string;
  /** An Agent's manifest, or an agent's configuration. */
  readonly agent?: string;
}

export interface Inputs {
  readonly candidate: EvaluatedVersion;
  readonly stable?: EvaluatedVersion;
  readonly goldenSet: GoldenSet;
  readonly needsJudge: boolean;
}

export async function readInputs(files: InputFiles): Promise<Inputs> {
  const agent = files.agent === undefined ? EvaluatedAgent.parse({}) : await readAgent(files.agent);
  const goldenSet = await readSet(files.goldenSet);
  const candidate = await prepare(files.prompt, await readText(files.prompt, 'prompt_invalid'), agent);
  const stableText = await readStable(files);
  const stable =
    stableText === undefined ? undefined : await prepare(stableText.name, stableText.text, agent);
  for (const version of stable === undefined ? [candidate] : [candidate, stable]) {
    await checkVariables(version, goldenSet);
  }
  const assertions = goldenSet.cases.flatMap((each) =>
    each.assertions.flatMap((given) => (given.kind === 'set' ? given.assertions : [given])),
  );
  return {
    candidate,
    ...(stable === undefined ? {} : { stable }),
    goldenSet,
    needsJudge: assertions.some(({ type }) => isModelGraded(type)),
  };
}

async function readSet(path: string): Promise<GoldenSet> {
  const fileName = basename(path);
  const text = await readText(path, 'golden_set_invalid');
  const read = readGoldenSet({ name: fileName.replace(/\.[a-z]+$/, ''), fileName, text });
  if (!read.ok) throw new InputProblem('golden_set_invalid', `${path}:${read.line}: ${read.problem}`);
  return read.goldenSet;
}

async function prepare(name: string, text: string, agent: EvaluatedAgent): Promise<EvaluatedVersion> {
  const prepared = await prepareVersion(name, text, agent);
  if (!prepared.ok) throw new InputProblem('prompt_invalid', prepared.problem);
  return prepared.version;
}

/** Every case must fit each prompt: a set of 1,000 cases is not run to learn that its variable has another name. */
async function checkVariables(version: EvaluatedVersion, goldenSet: GoldenSet): Promise<void> {
  for (const { vars, line, id } of goldenSet.cases) {
    const rendered = await renderPrompt(version.prompt, vars);
    if (!rendered.ok) {
      throw new InputProblem(
        'golden_set_invalid',
        `line ${line} (${id}) does not fit ${version.identity.name}: ${rendered.message}`,
      );
    }
  }
}

async function readText(path: string, reason: VerdictReason): Promise<string> {
  const read = await readTextFile(path, FILE_MAXIMUM_CHARACTERS);
  if (!read.ok) throw new InputProblem(reason, `${path}:${read.line}: ${read.problem}`);
  return read.text;
}

async function readStable({
  prompt,
  stable,
  stableRef,
}: InputFiles): Promise<{ readonly name: string; readonly text: string } | undefined> {
  if (stable !== undefined) return { name: stable, text: await readText(stable, 'prompt_invalid') };
  if (stableRef === undefined) return undefined;
  const ref = /^git:(?<ref>[A-Za-z0-9][\w./@^~-]*)$/.exec(stableRef)?.groups?.['ref'];
  if (ref === undefined) {
    throw new InputProblem(
      'prompt_invalid',
      `--stable-ref takes git: and a branch, tag or commit, not "${stableRef}"`,
    );
  }
  try {
    const { stdout } = await promisify(execFile)(
      'git',
      ['-C', dirname(prompt), 'show', `${ref}:./${basename(prompt)}`],
      { maxBuffer: GIT_MAXIMUM_BYTES, timeout: GIT_MILLISECONDS },
    );
    return { name: `${ref}:${prompt}`, text: stdout };
  } catch (error) {
    const { stderr = '', message = '' } = error as { readonly stderr?: string; readonly message?: string };
    // A prompt that is new has no stable version yet.
    if (/exists on disk, but not in|does not exist in/.test(stderr)) return undefined;
    throw new InputProblem(
      'prompt_invalid',
      `git cannot show ${prompt} at ${ref}: ${stderr.trim() || message}`,
    );
  }
}

async function readAgent(path: string): Promise<EvaluatedAgent> {
  const text = await readText(path, 'prompt_invalid');
  const refuse = (problem: string): InputProblem => new InputProblem('prompt_invalid', `${path}: ${problem}`);
  const value = readStructured(text, refuse);
  const { kind, spec } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly kind?: unknown;
    readonly spec?: unknown;
  };
  let given: unknown = value;
  if (kind === 'Agent') {
    const parsed = AgentSpec.safeParse(spec);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw refuse(`it is no Agent: spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
    }
    given = buildAgentConfiguration(
      { metadata: { namespace: 'default', name: 'agent', uid: '', generation: 1 }, spec: parsed.data },
      undefined,
    );
  }
  const agent = EvaluatedAgent.safeParse(given);
  if (!agent.success) throw refuse('it must hold an Agent, or an agent configuration');
  return agent.data;
}

function readStructured(text: string, refuse: (problem: string) => InputProblem): unknown {
  if (text.trimStart().startsWith('{')) {
    const parsed = parseBoundedJson(text);
    if (!parsed.ok) throw refuse(`the file ${parsed.message}`);
    return parsed.value;
  }
  const read = readBoundedYaml(text, {
    subject: 'the file',
    characters: 262_144,
    depth: 64,
    entries: 20_000,
    lines: 20_000,
  });
  if (!read.ok) throw refuse(`line ${read.line}: ${read.problem}`);
  return read.document.toJS({ maxAliasCount: 0 }) as unknown;
}
