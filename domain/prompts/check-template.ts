/**
 * Checks a Handlebars template against the schema of its variables, and guards it.
 *
 * A variable that is not declared would render as an empty string and nobody would notice; here it is an error with
 * its line. Only the helpers below may be used: no partials, no decorators, no `log` (it prints prompts), no access to
 * prototypes or to dotprompt's own @data.
 */
import { default as Handlebars } from 'handlebars';
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { ANYTHING, elementSchema, printsAsObject, schemaAt } from './schema-path.ts';
import { TEXT_HELPER } from './template-helpers.ts';

/** Roles that a template may open, as dotprompt names them; `model` becomes the assistant of a chat. */
export const TEMPLATE_ROLES = ['system', 'user', 'model'] as const;

const TEMPLATE_NODES_MAXIMUM = 5_000;
const TEMPLATE_DEPTH_MAXIMUM = 32;
const LOOP_DATA = new Set(['index', 'key', 'first', 'last']);
const BLOCK_HELPERS = ['if', 'unless', 'each', 'with', 'ifEquals', 'unlessEquals'];
const INLINE_HELPERS = ['json', 'role', 'history', 'media', 'lookup'];
const PROTOTYPE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

export type TemplateCheck =
  | {
      readonly ok: true;
      /** The template with every printed value passed through the text helper. */
      readonly guardedTemplate: string;
      readonly hasHistory: boolean;
    }
  | { readonly ok: false; readonly line: number; readonly problem: string };

interface Scope {
  readonly schema: JsonSchema;
  readonly parent?: Scope;
  readonly insideLoop: boolean;
  readonly blockParameters: ReadonlyMap<string, JsonSchema>;
}

interface Insertion {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

class TemplateFault extends Error {
  readonly line: number;
  constructor(node: hbs.AST.Node, problem: string) {
    super(problem);
    this.line = node.loc.start.line;
  }
}

/** `variables` is the JSON Schema of the variables; lines are counted from 1 at the template's first line. */
export function checkTemplate(template: string, variables: JsonSchema): TemplateCheck {
  try {
    const walk = new TemplateWalk(variables);
    walk.program(Handlebars.parse(template), walk.rootScope, 0);
    const guardedTemplate = insertAll(template, walk.insertions);
    // Fail closed: should a position ever be reported wrongly, the guarded text must still guard every value.
    new GuardCheck().accept(Handlebars.parse(guardedTemplate));
    return { ok: true, guardedTemplate, hasHistory: walk.hasHistory };
  } catch (error) {
    if (error instanceof TemplateFault) return { ok: false, line: error.line, problem: error.message };
    return { ok: false, ...describeParseError(error) };
  }
}

function describeParseError(error: unknown): { readonly line: number; readonly problem: string } {
  const message = error instanceof Error ? error.message : String(error);
  const line = /(?:on line |- )(\d+)/.exec(message)?.[1];
  const lines = message.split('\n').filter((part) => part.trim() !== '');
  const reason = lines.length > 2 ? `${lines.at(-1)} near "${(lines[1] ?? '').trim()}"` : message;
  return {
    line: line === undefined ? 1 : Number(line),
    problem: `the template is not valid Handlebars: ${reason}`,
  };
}

/** Every statement that prints must be a helper whose output is guarded or is a marker of the template's own. */
class GuardCheck extends Handlebars.Visitor {
  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const name = isPath(mustache.path) ? mustache.path.original : '';
    if (![TEXT_HELPER, 'json', 'role', 'history', 'media'].includes(name)) {
      throw new TemplateFault(mustache, 'this expression cannot be guarded; write it on a line of its own');
    }
  }
}

class TemplateWalk {
  readonly rootScope: Scope;
  readonly insertions: Insertion[] = [];
  hasHistory = false;
  readonly #variables: JsonSchema;
  #nodes = 0;

  constructor(variables: JsonSchema) {
    this.#variables = variables;
    this.rootScope = { schema: variables, insideLoop: false, blockParameters: new Map() };
  }

  program(program: hbs.AST.Program, scope: Scope, depth: number): void {
    if (depth > TEMPLATE_DEPTH_MAXIMUM) {
      throw new TemplateFault(program, `blocks are nested deeper than ${TEMPLATE_DEPTH_MAXIMUM} levels`);
    }
    for (const statement of program.body) {
      this.#nodes += 1;
      if (this.#nodes > TEMPLATE_NODES_MAXIMUM) {
        throw new TemplateFault(
          statement,
          `the template has more than ${TEMPLATE_NODES_MAXIMUM} expressions`,
        );
      }
      this.#statement(statement, scope, depth);
    }
  }

  #statement(statement: hbs.AST.Statement, scope: Scope, depth: number): void {
    if (isStatement<hbs.AST.MustacheStatement>(statement, 'MustacheStatement')) {
      this.#mustache(statement, scope);
    } else if (isStatement<hbs.AST.BlockStatement>(statement, 'BlockStatement')) {
      this.#block(statement, scope, depth);
    } else if (isStatement<hbs.AST.ContentStatement>(statement, 'ContentStatement')) {
      if (statement.value.includes('<<<dotprompt')) {
        throw new TemplateFault(
          statement,
          'write {{role}}, {{history}} or {{media}} in place of their markers',
        );
      }
    } else if (statement.type !== 'CommentStatement') {
      throw new TemplateFault(
        statement,
        'partials and decorators are refused: a prompt version is one text, whole in itself',
      );
    }
  }

  #mustache(mustache: hbs.AST.MustacheStatement, scope: Scope): void {
    const { path, params } = mustache;
    if (!isPath(path)) throw new TemplateFault(mustache, 'an expression must be the name of a variable');
    const helper = helperName(path);
    if (helper === undefined || !INLINE_HELPERS.includes(helper)) {
      if (params.length > 0 || mustache.hash !== undefined) {
        throw new TemplateFault(
          mustache,
          `"${path.original}" is not a helper; the helpers are ${[...INLINE_HELPERS, ...BLOCK_HELPERS].join(', ')}`,
        );
      }
      this.#printed(mustache, this.#path(path, scope));
      this.#insert(path.loc.start, `${TEXT_HELPER} `);
      return;
    }
    this.#inlineHelper(helper, mustache, scope);
  }

  #inlineHelper(helper: string, mustache: hbs.AST.MustacheStatement, scope: Scope): void {
    const { params, path } = mustache;
    if (helper === 'role') {
      checkRole(mustache);
    } else if (helper === 'history') {
      if (params.length > 0 || this.hasHistory || scope.insideLoop) {
        throw new TemplateFault(
          mustache,
          '{{history}} stands alone, once, and outside of loops; a variable called history is printed by {{this.history}}',
        );
      }
      this.hasHistory = true;
    } else if (helper === 'media') {
      const url = mustache.hash?.pairs.find((pair) => pair.key === 'url');
      if (url === undefined || params.length > 0) {
        throw new TemplateFault(mustache, '{{media}} takes url=..., and contentType=... when it is known');
      }
      this.#hash(mustache, scope, ['url', 'contentType']);
    } else if (helper === 'json') {
      this.#arguments(mustache, scope, 1);
      this.#hash(mustache, scope, ['indent']);
    } else {
      this.#arguments(mustache, scope, 2);
      this.#insert(path.loc.start, `${TEXT_HELPER} (`);
      this.#insert((params[1] ?? path).loc.end, ')');
    }
  }

  #block(block: hbs.AST.BlockStatement, scope: Scope, depth: number): void {
    const name = isPath(block.path) ? block.path.original : '';
    if (!BLOCK_HELPERS.includes(name)) {
      throw new TemplateFault(
        block,
        `{{#${name}}} is not a block helper; the block helpers are ${BLOCK_HELPERS.join(', ')}`,
      );
    }
    const [first] = this.#arguments(block, scope, name === 'ifEquals' || name === 'unlessEquals' ? 2 : 1);
    this.#hash(block, scope, name === 'if' || name === 'unless' ? ['includeZero'] : []);
    const inner =
      name === 'each' || name === 'with' ? this.#innerScope(block, scope, first ?? ANYTHING) : scope;
    this.program(block.program, inner, depth + 1);
    // The type says it is always there; without {{else}} it is not.
    const inverse = block.inverse as hbs.AST.Program | undefined;
    if (inverse !== undefined) this.program(inverse, scope, depth + 1);
  }

  #innerScope(block: hbs.AST.BlockStatement, scope: Scope, argument: JsonSchema): Scope {
    const isLoop = block.path.original === 'each';
    const schema = isLoop ? elementSchema(argument, this.#variables) : argument;
    if (schema === undefined) {
      throw new TemplateFault(block, '{{#each}} goes over a list or an object; this variable is neither');
    }
    const [value, key] = block.program.blockParams ?? [];
    const blockParameters = new Map(scope.blockParameters);
    if (value !== undefined) blockParameters.set(value, schema);
    if (key !== undefined) blockParameters.set(key, { type: ['string', 'integer'] });
    return { schema, parent: scope, insideLoop: scope.insideLoop || isLoop, blockParameters };
  }

  #arguments(
    call: { readonly params: hbs.AST.Expression[] } & hbs.AST.Node,
    scope: Scope,
    count: number,
  ): readonly JsonSchema[] {
    if (call.params.length !== count) {
      throw new TemplateFault(call, `this helper takes ${count} argument${count === 1 ? '' : 's'}`);
    }
    return call.params.map((argument) => this.#expression(argument, scope));
  }

  #hash(
    call: { readonly hash: hbs.AST.Hash | undefined } & hbs.AST.Node,
    scope: Scope,
    known: readonly string[],
  ): void {
    for (const pair of call.hash?.pairs ?? []) {
      if (!known.includes(pair.key)) {
        throw new TemplateFault(pair, `"${pair.key}=" is not an option of this helper`);
      }
      this.#expression(pair.value, scope);
    }
  }

  #expression(expression: hbs.AST.Expression, scope: Scope): JsonSchema {
    if (isPath(expression)) return this.#path(expression, scope);
    if (isStatement<hbs.AST.SubExpression>(expression, 'SubExpression')) {
      if (expression.path.original !== 'lookup') {
        throw new TemplateFault(expression, 'in brackets only (lookup object key) may stand');
      }
      this.#arguments(expression, scope, 2);
      return ANYTHING;
    }
    return ANYTHING;
  }

  /** The schema of what a path leads to; a fault when it leads nowhere. */
  #path(path: hbs.AST.PathExpression, scope: Scope): JsonSchema {
    const refused = path.parts.find((part) => PROTOTYPE_NAMES.has(part));
    if (refused !== undefined) throw new TemplateFault(path, `"${refused}" cannot be read from a template`);
    if (path.data) return this.#data(path, scope);
    const [first, ...rest] = path.parts;
    const isScoped = /^\.{1,2}|^this\b/.test(path.original);
    const parameter = first !== undefined && !isScoped ? scope.blockParameters.get(first) : undefined;
    if (parameter !== undefined) return this.#follow(parameter, rest, path);
    let here: Scope | undefined = scope;
    for (let level = 0; level < path.depth; level += 1) here = here?.parent;
    if (here === undefined) throw new TemplateFault(path, `"${path.original}" leaves the outermost block`);
    return this.#follow(here.schema, path.parts, path);
  }

  #data(path: hbs.AST.PathExpression, scope: Scope): JsonSchema {
    const [name, ...rest] = path.parts;
    if (name === 'root') return this.#follow(this.#variables, rest, path);
    if (name !== undefined && rest.length === 0 && scope.insideLoop && LOOP_DATA.has(name)) {
      return { type: ['string', 'integer', 'boolean'] };
    }
    throw new TemplateFault(
      path,
      `"${path.original}" is not known: @root is, and inside {{#each}} @index, @key, @first and @last`,
    );
  }

  #follow(start: JsonSchema, parts: readonly string[], path: hbs.AST.PathExpression): JsonSchema {
    let schema = start;
    for (const part of parts) {
      const next = schemaAt(schema, part, this.#variables);
      if (next === undefined) {
        throw new TemplateFault(
          path,
          `the variable "${path.original}" is not declared in input.schema${this.#declaredNames()}`,
        );
      }
      schema = next;
    }
    return schema;
  }

  #declaredNames(): string {
    const names = Object.keys((this.#variables['properties'] as object | undefined) ?? {});
    return names.length === 0 ? ', which declares none' : `, which declares ${names.join(', ')}`;
  }

  #printed(mustache: hbs.AST.MustacheStatement, schema: JsonSchema): void {
    if (printsAsObject(schema, this.#variables)) {
      const name = isPath(mustache.path) ? mustache.path.original : '';
      throw new TemplateFault(mustache, `"${name}" is an object: print it with {{json ${name}}}`);
    }
  }

  #insert(position: hbs.AST.Position, text: string): void {
    this.insertions.push({ line: position.line, column: position.column, text });
  }
}

/** A role is always a literal: a variable must not choose who speaks. */
function checkRole(mustache: hbs.AST.MustacheStatement): void {
  const [role, ...others] = mustache.params;
  const isKnown = role !== undefined && isString(role) && TEMPLATE_ROLES.some((name) => name === role.value);
  if (!isKnown || others.length > 0) {
    throw new TemplateFault(
      mustache,
      '{{role}} takes one of "system", "user" and "model" in quotes; a variable called role is printed by {{this.role}}',
    );
  }
}

function insertAll(template: string, insertions: readonly Insertion[]): string {
  const lines = template.split('\n');
  // From the end, so that an insertion does not move the places before it.
  for (const { line, column, text } of insertions.toReversed()) {
    const before = lines[line - 1] ?? '';
    lines[line - 1] = before.slice(0, column) + text + before.slice(column);
  }
  return lines.join('\n');
}

/** Handlebars calls a helper only by its bare name; `this.role` and `mail.role` are always variables. */
function helperName(path: hbs.AST.PathExpression): string | undefined {
  const isBare = !path.data && path.depth === 0 && path.parts.length === 1 && path.original === path.parts[0];
  return isBare ? path.original : undefined;
}

function isPath(node: hbs.AST.Node): node is hbs.AST.PathExpression {
  return node.type === 'PathExpression';
}

function isString(node: hbs.AST.Node): node is hbs.AST.StringLiteral {
  return node.type === 'StringLiteral';
}

function isStatement<Kind extends hbs.AST.Node>(node: hbs.AST.Node, type: Kind['type']): node is Kind {
  return node.type === type;
}
