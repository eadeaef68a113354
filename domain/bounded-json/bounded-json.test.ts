import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedRecord } from './bounded-collection.ts';
import { BODY_BOUNDS, parseBoundedJson } from './bounded-json.ts';

describe('parseBoundedJson', () => {
  it('reads all JSON within the bounds as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const value: unknown = JSON.parse(text, (key, each: unknown) =>
          key === '__proto__' ? undefined : each,
        );
        expect(parseBoundedJson(text)).toEqual({ ok: true, value });
      }),
    );
  });

  it('takes a text as deep as the bound and none that is deeper, in arrays and objects alike', () => {
    const bounds = { depth: 3, values: 100 };
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
      expect(parseBoundedJson(nested(3), bounds)).toMatchObject({ ok: true });
      expect(parseBoundedJson(nested(4), bounds)).toMatchObject({ ok: false, problem: 'tooDeep' });
    }
    expect(parseBoundedJson('[[],[[]],[]]', bounds)).toMatchObject({ ok: true });
  });

  it('refuses 100,000 levels and a million values without making them', () => {
    expect(parseBoundedJson('['.repeat(100_000))).toMatchObject({
      problem: 'tooDeep',
      message: 'nests deeper than 128 levels',
    });
    expect(parseBoundedJson(`[${'1,'.repeat(999_999)}1]`)).toMatchObject({
      problem: 'tooManyValues',
      message: `holds more than ${BODY_BOUNDS.values} values`,
    });
    const members = Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`);
    expect(parseBoundedJson(`{${members.join(',')}}`)).toMatchObject({ problem: 'tooManyValues' });
    expect(parseBoundedJson(`[${'{},'.repeat(150_000)}{}]`)).toMatchObject({ problem: 'tooManyValues' });
  });

  it('takes no bracket and no comma in a string for structure, however its quotes are escaped', () => {
    const bounds = { depth: 1, values: 3 };
    for (const content of ['[[[[,,,,', '\\"[[[', '\\\\', '\\\\\\"[[,,', '{"a":{"b":']) {
      const text = JSON.stringify([content]);
      expect(parseBoundedJson(text, bounds)).toEqual({ ok: true, value: [content] });
    }
    expect(parseBoundedJson('["\\\\",[[1]]]', bounds)).toMatchObject({ problem: 'tooDeep' });
  });

  it('says where a text stops being JSON and quotes nothing of it', () => {
    for (const text of ['', '{"secret": hunter2}', '"hunter2', '[1,', 'hunter2', ']]]]']) {
      const parsed = parseBoundedJson(text);
      expect(parsed).toMatchObject({ ok: false, problem: 'notJson' });
      expect(JSON.stringify(parsed)).not.toContain('hunter');
    }
  });

  it('lets no key become a prototype, in whatever letters it is written', () => {
    for (const key of [
      '__proto__',
      '\\u005f_proto__',
      '__pr\\u006Fto__',
      '\\u005F\\u005Fproto\\u005f\\u005f',
    ]) {
      const parsed = parseBoundedJson(`{"${key}": {"isAdmin": true}, "a": [{"${key}": 1}]}`);
      expect(parsed).toEqual({ ok: true, value: { a: [{}] } });
      expect(parsed.ok && Object.hasOwn(parsed.value as object, '__proto__')).toBe(false);
    }
  });
});

describe('boundedRecord', () => {
  it('takes an object with as many fields as the bound, and tells of more in one problem', () => {
    const record = boundedRecord(2);
    expect(record.parse({ a: 1, b: null })).toEqual({ a: 1, b: null });
    const { error } = record.safeParse({ a: 1, b: 2, c: 3 });
    expect(error?.issues).toMatchObject([{ path: [], message: 'expected at most 2 fields' }]);
    expect(record.safeParse([]).success).toBe(false);
    expect(record.safeParse('a').success).toBe(false);
  });
});
