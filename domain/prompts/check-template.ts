/**
 * Checks a Handlebars template against the schema of its variables, and guards it.
 *
 * A variable that is not declared would render as an empty string and nobody would notice; here it is an error with
 * its line. Only the helpers below may be used: no partials, no decorators, no `log` (it prints prompts), no access to
 * prototypes or to dotprompt's own @data.
 */
import { default as Handlebars } from 'handlebars';
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { ANYTHING, SchemaPaths, declaredProperties } from './schema-path.ts';
import { TEXT_HELPER } from './template-helpers.ts';
import { describeParseError, findTokenSlip } from './template-tokens.ts';

/** Roles that a template may open, as dotprompt names them; `model` becomes the assistant of a chat. */
export const TEMPLATE_ROLES = ['system', 'user', 'model'] as const;

const PATH_PARTS_MAXIMUM = 32;
const JSON_INDENT_MAXIMUM = 10;
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
      /** The variables that it reads, in their order. */
      readonly reads: ReadonlyMap<string, VariableUse>;
      /** Whether it reads them all, as {{json this}} does. */
      readonly readsAll: boolean;
    }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** A variable that is tested somewhere (if, unless, each) may be missing; one that is only printed may not. */
export type VariableUse = 'printed' | 'tested';

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
  const slip = findTokenSlip(template);
  if (slip !== undefined) return { ok: false, ...slip };
  try {
    const walk = new TemplateWalk(variables);
    walk.program(Handlebars.parse(template), walk.rootScope);
    const guardedTemplate = insertAll(template, walk.insertions);
    // Fail closed: should a position ever be reported wrongly, the guarded text must still guard every value.
    new GuardCheck().accept(Handlebars.parse(guardedTemplate));
    const { hasHistory, reads, readsAll } = walk;
    return { ok: true, guardedTemplate, hasHistory, reads, readsAll };
  } catch (error) {
    if (error instanceof TemplateFault) return { ok: false, line: error.line, problem: error.message };
    return { ok: false, ...describeParseError(error) };
  }
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
  readonly reads = new Map<string, VariableUse>();
  readsAll = false;
  hasHistory = false;
  readonly #paths: SchemaPaths;

  constructor(variables: JsonSchema) {
    this.#paths = new SchemaPaths(variables);
    this.rootScope = { schema: variables, insideLoop: false, blockParameters: new Map() };
  }

  /** Recurses as deep as the blocks are nested, which findTokenSlip has limited. */
  program(program: hbs.AST.Program, scope: Scope): void {
    for (const statement of program.body) this.#statement(statement, scope);
  }

  #statement(statement: hbs.AST.Statement, scope: Scope): void {
    if (isStatement<hbs.AST.MustacheStatement>(statement, 'MustacheStatement')) {
      this.#mustache(statement, scope);
    } else if (isStatement<hbs.AST.BlockStatement>(statement, 'BlockStatement')) {
      this.#block(statement, scope);
    } else if (isStatement<hbs.AST.ContentStatement>(statement, 'ContentStatement')) {
      if (statement.value.includes('<<<dotprompt')) {
        throw new TemplateFault(
          statement,
          'write {{role}}, {{history}} or {{media}} in place of their markers, which begin with "<<<dotprompt"',
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
        throw new TemplateFault(mustache, describeUnknownHelper(path.original));
      }
      this.#printed(mustache, this.#path(path, scope, 'printed'));
      this.#insert(path.loc.start, `${TEXT_HELPER} `);
      return;
    }
    this.#inlineHelper(helper, mustache, scope);
  }

  #inlineHelper(helper: string, mustache: hbs.AST.MustacheStatement, scope: Scope): void {
    const { params, path } = mustache;
    if (helper === 'role') {
      checkRole(mustache);
      this.#options(mustache, scope, []);
    } else if (helper === 'history') {
      if (params.length > 0 || this.hasHistory || scope.insideLoop) {
        throw new TemplateFault(
          mustache,
          '{{history}} stands alone, once, and outside of loops; a variable called history is printed by {{this.history}}',
        );
      }
      this.#options(mustache, scope, []);
      this.hasHistory = true;
    } else if (helper === 'media') {
      const url = mustache.hash?.pairs.find((pair) => pair.key === 'url');
      if (url === undefined || params.length > 0) {
        throw new TemplateFault(mustache, '{{media}} takes url=..., and contentType=... when it is known');
      }
      this.#options(mustache, scope, ['url', 'contentType']);
    } else if (helper === 'json') {
      this.#arguments(mustache, scope, 1);
      this.#options(mustache, scope, ['indent']);
      checkIndent(mustache.hash);
    } else {
      this.#arguments(mustache, scope, 2);
      this.#options(mustache, scope, []);
      this.#insert(path.loc.start, `${TEXT_HELPER} (`);
      this.#insert((params[1] ?? path).loc.end, ')');
    }
  }

  #block(block: hbs.AST.BlockStatement, scope: Scope): void {
    const name = block.path.original;
    if (!isPath(block.path) || !BLOCK_HELPERS.includes(name)) {
      throw new TemplateFault(
        block,
        `"${name}" is not a block helper; the block helpers are ${BLOCK_HELPERS.join(', ')}`,
      );
    }
    const count = name === 'ifEquals' || name === 'unlessEquals' ? 2 : 1;
    const [first] = this.#arguments(block, scope, count, 'tested');
    this.#options(block, scope, name === 'if' || name === 'unless' ? ['includeZero'] : []);
    // The types say that both are always there; {{^if a}} has no program, and without {{else}} there is no inverse.
    const { program, inverse } = block as {
      readonly [Part in 'program' | 'inverse']: hbs.AST.Program | undefined;
    };
    const opensScope = name === 'each' || name === 'with';
    const inner = opensScope ? this.#innerScope(block, program, scope, first ?? ANYTHING) : scope;
    if (program !== undefined) this.program(program, inner);
    if (inverse !== undefined) this.program(inverse, scope);
  }

  #innerScope(
    block: hbs.AST.BlockStatement,
    program: hbs.AST.Program | undefined,
    scope: Scope,
    argument: JsonSchema,
  ): Scope {
    const isLoop = block.path.original === 'each';
    const schema = isLoop ? this.#paths.elementOf(argument) : argument;
    if (schema === undefined) {
      throw new TemplateFault(block, '{{#each}} goes over a list or an object; this variable is neither');
    }
    const [value, key] = program?.blockParams ?? [];
    const blockParameters = new Map(scope.blockParameters);
    if (value !== undefined) blockParameters.set(value, schema);
    if (key !== undefined) blockParameters.set(key, { type: ['string', 'integer'] });
    return { schema, parent: scope, insideLoop: scope.insideLoop || isLoop, blockParameters };
  }

  #arguments(
    call: { readonly params: hbs.AST.Expression[] } & hbs.AST.Node,
    scope: Scope,
    count: number,
    use: VariableUse = 'printed',
  ): readonly JsonSchema[] {
    if (call.params.length !== count) {
      throw new TemplateFault(call, `this helper takes ${count} argument${count === 1 ? '' : 's'}`);
    }
    return call.params.map((argument) => this.#expression(argument, scope, use));
  }

  /** What is written as name=value; one that the helper does not know would be ignored in silence. */
  #options(
    call: { readonly hash: hbs.AST.Hash | undefined; readonly path: hbs.AST.Node } & hbs.AST.Node,
    scope: Scope,
    known: readonly string[],
  ): void {
    for (const pair of call.hash?.pairs ?? []) {
      if (!known.includes(pair.key)) {
        const helper = isPath(call.path) ? call.path.original : '';
        const options = known.map((name) => `${name}=`).join(' and ');
        throw new TemplateFault(
          pair,
          `"${pair.key}=" is not an option of ${helper}, which takes ${options === '' ? 'none' : options}`,
        );
      }
      this.#expression(pair.value, scope, 'printed');
    }
  }

  #expression(expression: hbs.AST.Expression, scope: Scope, use: VariableUse): JsonSchema {
    if (isPath(expression)) return this.#path(expression, scope, use);
    if (isStatement<hbs.AST.SubExpression>(expression, 'SubExpression')) {
      const name = expression.path.original;
      if (name !== 'lookup') throw new TemplateFault(expression, describeBrackets(name));
      this.#arguments(expression, scope, 2, use);
      this.#options(expression, scope, []);
    }
    return ANYTHING;
  }

  /** The schema of what a path leads to; a fault when it leads nowhere. */
  #path(path: hbs.AST.PathExpression, scope: Scope, use: VariableUse): JsonSchema {
    if (path.parts.length > PATH_PARTS_MAXIMUM) {
      throw new TemplateFault(path, `a path has more than ${PATH_PARTS_MAXIMUM} parts`);
    }
    const refused = path.parts.find((part) => PROTOTYPE_NAMES.has(part));
    if (refused !== undefined) throw new TemplateFault(path, `"${refused}" cannot be read from a template`);
    if (path.data) return this.#data(path, scope, use);
    const [first, ...rest] = path.parts;
    const isScoped = /^\.{1,2}|^this\b/.test(path.original);
    const parameter = first !== undefined && !isScoped ? scope.blockParameters.get(first) : undefined;
    if (parameter !== undefined) return this.#follow(parameter, rest, path);
    let here: Scope | undefined = scope;
    for (let level = 0; level < path.depth; level += 1) here = here?.parent;
    if (here === undefined) throw new TemplateFault(path, `"${path.original}" leaves the outermost block`);
    if (here.parent === undefined) this.#recordRead(path.parts, use);
    return this.#follow(here.schema, path.parts, path);
  }

  #recordRead([name]: readonly string[], use: VariableUse): void {
    if (name === undefined) this.readsAll = true;
    else if (this.reads.get(name) !== 'tested') this.reads.set(name, use);
  }

  #data(path: hbs.AST.PathExpression, scope: Scope, use: VariableUse): JsonSchema {
    const [name, ...rest] = path.parts;
    if (name === 'root') {
      this.#recordRead(rest, use);
      return this.#follow(this.#paths.root, rest, path);
    }
    if (name !== undefined && rest.length === 0 && scope.insideLoop && LOOP_DATA.has(name)) {
      return { type: ['string', 'integer', 'boolean'] };
    }
    throw new TemplateFault(
      path,
      `"${path.original}" is not known: a prompt sees its variables alone; there is @root, and inside {{#each}} @index, @key, @first and @last`,
    );
  }

  #follow(start: JsonSchema, parts: readonly string[], path: hbs.AST.PathExpression): JsonSchema {
    let schema = start;
    for (const part of parts) {
      const next = this.#paths.at(schema, part);
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
    const { names } = declaredProperties(this.#paths.root);
    return names.length === 0 ? ', which declares none' : `, which declares ${names.join(', ')}`;
  }

  #printed(mustache: hbs.AST.MustacheStatement, schema: JsonSchema): void {
    if (this.#paths.printsAsObject(schema)) {
      const name = isPath(mustache.path) ? mustache.path.original : '';
      throw new TemplateFault(mustache, `"${name}" is an object: print it with {{json ${name}}}`);
    }
  }

  #insert(position: hbs.AST.Position, text: string): void {
    this.insertions.push({ line: position.line, column: position.column, text });
  }
}

/** Helpers of dotprompt, and such as other hosts define in code, that a prompt version cannot have; and why. */
const REFUSED_HELPERS: ReadonlyMap<string, string> = new Map([
  [
    'section',
    'the schema of the answer travels beside the messages, so that there is no section to be placed among them',
  ],
  ['log', 'it would write prompts into logs'],
  ['eq', 'write {{#ifEquals a b}}...{{/ifEquals}}'],
  ['ne', 'write {{#unlessEquals a b}}...{{/unlessEquals}}'],
]);

function describeUnknownHelper(name: string): string {
  const reason = REFUSED_HELPERS.get(name);
  if (reason !== undefined) return `"${name}" is not a helper here: ${reason}`;
  return `"${name}" is not a helper; the helpers are ${[...INLINE_HELPERS, ...BLOCK_HELPERS].join(', ')}, and others, defined in code, do not travel with a prompt version`;
}

function describeBrackets(name: string): string {
  const reason = REFUSED_HELPERS.get(name);
  return reason === undefined
    ? `in brackets only (lookup object key) may stand, not "${name}"`
    : `"${name}" is not a helper here: ${reason}`;
}

/** As dotprompt reads it: a text would be printed before every line in place of that many spaces. */
function checkIndent(hash: hbs.AST.Hash | undefined): void {
  const indent = hash?.pairs.find((pair) => pair.key === 'indent');
  if (indent === undefined) return;
  const value: unknown = (indent.value as { readonly value?: unknown }).value;
  const isFit = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= JSON_INDENT_MAXIMUM;
  if (indent.value.type !== 'NumberLiteral' || !isFit) {
    throw new TemplateFault(
      indent,
      `"indent=" takes a whole number from 0 to ${JSON_INDENT_MAXIMUM} without quotes, such as indent=2`,
    );
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
