/**
 * `{{ name }}` and `{{ name.member }}` in the value of an assertion, as promptfoo's templates write a variable of the case.
 * Nothing else of that language is taken: a filter or a block that stayed as it is would never match any answer.
 */

export type Filled =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

const PLACE = /\{\{(?<inside>[^{}]*)\}\}/g;
const PATH = /^\s*(?<path>[A-Za-z_]\w*(?:\.\w+)*)\s*$/;

export function fillValue(value: unknown, vars: Readonly<Record<string, unknown>>): Filled {
  try {
    return { ok: true, value: fill(value, vars) };
  } catch (error) {
    if (error instanceof TemplateProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

class TemplateProblem extends Error {}

function fill(value: unknown, vars: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') return fillText(value, vars);
  if (Array.isArray(value)) return value.map((each) => fill(each, vars));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, vars)]));
}

function fillText(text: string, vars: Readonly<Record<string, unknown>>): string {
  const block = /\{%|\{#/.exec(text)?.[0];
  if (block !== undefined) {
    throw new TemplateProblem(
      `the value holds "${block}" of a template's ${block === '{%' ? 'block' : 'comment'}, which is not supported: write it out`,
    );
  }
  if (text.replaceAll(PLACE, '').includes('{{')) {
    throw new TemplateProblem('the value holds "{{" that is not closed by "}}"');
  }
  return text.replaceAll(PLACE, (_whole, inside: string) => {
    const path = PATH.exec(inside)?.groups?.['path'];
    if (path === undefined) {
      throw new TemplateProblem(
        `the value holds "{{${inside.slice(0, 60)}}}": only the name of a variable may stand there`,
      );
    }
    let found: unknown = vars;
    for (const key of path.split('.')) {
      const holder = found as Readonly<Record<string, unknown>> | null | undefined;
      found =
        typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key) ? holder[key] : undefined;
    }
    if (found === undefined)
      throw new TemplateProblem(`the value names the variable "${path}", which the case lacks`);
    return typeof found === 'string' ? found : JSON.stringify(found);
  });
}
