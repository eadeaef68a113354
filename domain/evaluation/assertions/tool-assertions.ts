/** Assertions on the tools that a run called. */
import { BODY_BOUNDS, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import {
  type FindProblems,
  type JsonSchema,
  compileJsonSchema,
} from '#domain/json-schema/compile-json-schema.ts';
import type { SingleAssertion } from '../golden-set.ts';
import { type CalledTool, type CompiledCheck, holds } from './assertion-check.ts';

const CALLS_MAXIMUM = 64;

/** All calls together are as they must be: each of a tool that was offered, with arguments that fit. */
export function compileValidToolsCall(): CompiledCheck {
  return {
    ok: true,
    check: ({ toolCalls, tools }) => {
      if (toolCalls.length === 0) return holds(false, 'no tool was called');
      const problems = toolCalls.flatMap((call) => {
        const tool = tools.find(({ name }) => name === call.name);
        if (tool === undefined) return [`${call.name.slice(0, 60)} was not offered`];
        const compiled = compileJsonSchema(tool.parameters);
        const given = argumentsOf(call);
        if (!compiled.ok || given === undefined) return [`the arguments of ${call.name} are not JSON`];
        return compiled.findProblems(given).map((problem) => `${call.name}: ${problem}`);
      });
      return holds(problems.length === 0, problems.join('; ') || 'every call is valid');
    },
  };
}

/** Names as sets: 1 when exactly those tools were called. */
export function compileToolCallF1({ value, threshold = 1 }: SingleAssertion): CompiledCheck {
  const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
  if (!Array.isArray(names) || names.length === 0 || !names.every(isName)) {
    return { ok: false, problem: 'needs a list of names of tools as its value' };
  }
  const wanted = new Set(names);
  return {
    ok: true,
    check: ({ toolCalls }) => {
      const called = new Set(toolCalls.map(({ name }) => name));
      const both = [...wanted].filter((name) => called.has(name)).length;
      const score = both === 0 ? 0 : (2 * both) / (wanted.size + called.size);
      const list = [...called].toSorted().join(', ').slice(0, 200) || 'none';
      return holds(
        score >= threshold,
        `F1 of the called tools is ${score.toFixed(3)} (${list}), and must reach ${threshold}`,
        score,
      );
    },
  };
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '';
}

interface WantedCall {
  readonly name: string;
  readonly fits: (given: unknown) => boolean;
}

/**
 * Exactly these calls, in any order: `{name, arguments}` or `{name, schema}`, or a list of them. An empty list says that
 * no tool may be called.
 */
export function compileToolCall({ value }: SingleAssertion): CompiledCheck {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === undefined || list.length > CALLS_MAXIMUM) {
    return {
      ok: false,
      problem: `needs {name, arguments}, or a list of at most ${CALLS_MAXIMUM} of them, as its value`,
    };
  }
  const wanted: WantedCall[] = [];
  for (const each of list) {
    const read = readWanted(each);
    if (typeof read === 'string') return { ok: false, problem: read };
    wanted.push(read);
  }
  return {
    ok: true,
    check: ({ toolCalls }) => {
      const names =
        toolCalls
          .map(({ name }) => name)
          .join(', ')
          .slice(0, 200) || 'none';
      if (toolCalls.length !== wanted.length) {
        return holds(
          false,
          `${wanted.length === 0 ? 'no call was' : wanted.length === 1 ? '1 call was' : `${wanted.length} calls were`} to be made, and ${toolCalls.length} ${toolCalls.length === 1 ? 'was' : 'were'} (${names})`,
        );
      }
      const unmatched = findUnmatched(wanted, toolCalls);
      return unmatched === undefined
        ? holds(true, 'the calls are as they must be')
        : holds(false, `no call of ${unmatched} has the arguments that it must have (called: ${names})`);
    },
  };
}

function readWanted(given: unknown): WantedCall | string {
  if (isName(given)) return { name: given, fits: () => true };
  if (typeof given !== 'object' || given === null) return 'needs {name, arguments} as its value';
  const { name, arguments: exact, schema, ...others } = given as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) return `takes name, arguments and schema, not "${other.slice(0, 60)}"`;
  if (!isName(name)) return 'needs the name of a tool';
  if (exact !== undefined && !isMapping(exact)) return 'needs arguments that are an object';
  let findProblems: FindProblems = () => [];
  if (schema !== undefined) {
    if (!isMapping(schema)) return 'needs a schema that is a JSON Schema';
    const compiled = compileJsonSchema(schema);
    if (!compiled.ok) return `has a schema that is not valid: ${compiled.message}`;
    findProblems = compiled.findProblems;
  }
  const wanted = exact === undefined ? undefined : canonicalJson(exact);
  return {
    name,
    fits: (value) =>
      (wanted === undefined || canonicalJson(value) === wanted) && findProblems(value).length === 0,
  };
}

function isMapping(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The name of a wanted call that finds none of its own, by augmenting paths. */
function findUnmatched(wanted: readonly WantedCall[], called: readonly CalledTool[]): string | undefined {
  const values = called.map(argumentsOf);
  const takenBy = new Map<number, number>();
  const find = (want: number, seen: Set<number>): boolean => {
    const { name, fits } = wanted[want] ?? { name: '', fits: () => false };
    for (const [at, call] of called.entries()) {
      if (seen.has(at) || call.name !== name || values[at] === undefined || !fits(values[at])) continue;
      seen.add(at);
      const other = takenBy.get(at);
      if (other === undefined || find(other, seen)) {
        takenBy.set(at, want);
        return true;
      }
    }
    return false;
  };
  for (const [want, { name }] of wanted.entries()) if (!find(want, new Set())) return name;
  return undefined;
}

function argumentsOf({ argumentsText }: CalledTool): unknown {
  const parsed = parseBoundedJson(argumentsText.trim() === '' ? '{}' : argumentsText, {
    ...BODY_BOUNDS,
    depth: 32,
  });
  return parsed.ok ? parsed.value : undefined;
}
