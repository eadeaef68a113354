/** Checking a part of a request, and saying what is wrong with it in one sentence that names the field. */
import type { z } from 'zod';
import type { ReadRequest } from './dialect.ts';

export type Refused = Extract<ReadRequest<never>, { readonly ok: false }>;

/** `place` is the field of the request that is checked, "" for the whole; `what` is what the sentence says of it. */
export function refuse(place: string, what: string): Refused {
  return place === ''
    ? { ok: false, message: `The body ${what}.` }
    : { ok: false, message: `${place} ${what}.`, param: place };
}

/** The first problem only. Values are never quoted: they may be prompts. */
export function readWire<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: string,
): ReadRequest<z.infer<Schema>> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  const path = [place, ...(issue?.path.map(String) ?? [])].filter((part) => part !== '').join('.');
  return refuse(path, whatIsWrong(issue));
}

const TYPE_NAMES = new Map<string, string>(
  Object.entries({
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    record: 'an object',
  }),
);

function whatIsWrong(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'does not fit';
  if (issue.code === 'invalid_type' && /expected \w+, received/.test(issue.message)) {
    const type = TYPE_NAMES.get(issue.expected) ?? issue.expected;
    return issue.message.endsWith('received undefined')
      ? `is missing: it must be ${type}`
      : `must be ${type}`;
  }
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values)}`;
  if (issue.code === 'invalid_union' && 'options' in issue) return `must be ${oneOf(issue.options)}`;
  if (issue.code === 'too_small' && issue.origin !== 'string')
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
  return issue.message.replace(/^Invalid input(?:: )?/, '').trim() || 'does not fit';
}

function oneOf(values: unknown): string {
  const list = Array.isArray(values) ? values.map((value: unknown) => JSON.stringify(value)) : [];
  return `${list.length === 1 ? '' : 'one of '}${list.join(', ')}`;
}

/** Each element of a list, up to the first that is wrong. A list that is longer than `most` is not looked at. */
export function readEach<Value>(
  list: readonly unknown[],
  place: string,
  most: number,
  read: (value: unknown, place: string) => ReadRequest<Value>,
): ReadRequest<readonly Value[]> {
  if (list.length > most)
    return refuse(place, `has ${list.length} elements, more than the ${most} that are taken`);
  const values: Value[] = [];
  for (const [position, element] of list.entries()) {
    const one = read(element, `${place}.${position}`);
    if (!one.ok) return one;
    values.push(one.value);
  }
  return { ok: true, value: values };
}
