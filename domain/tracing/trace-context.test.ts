import { describe, expect, it } from 'vitest';
import { readTraceContext, traceHeaders } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;

describe('a traceparent', () => {
  it('names trace, span and whether the trace is kept', () => {
    expect(readTraceContext({ traceparent: TRACEPARENT })).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      flags: 1,
    });
    expect(readTraceContext({ traceparent: `00-${TRACE}-${SPAN}-00` })?.flags).toBe(0);
  });

  it('loses flags that are not known', () => {
    expect(readTraceContext({ traceparent: `00-${TRACE}-${SPAN}-ff` })?.flags).toBe(3);
  });

  it('of a version to come is read as far as this one goes', () => {
    for (const traceparent of [`cc-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-what the future will be`]) {
      expect(readTraceContext({ traceparent })).toMatchObject({ traceId: TRACE, spanId: SPAN, flags: 1 });
    }
  });

  it.each([
    ['nothing', ''],
    ['a forbidden version', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `${TRACEPARENT}-more`],
    ['a dash at the end', `${TRACEPARENT}-`],
    ['more without a dash', `cc-${TRACE}-${SPAN}-01.more`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', TRACEPARENT.toUpperCase()],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a long span', `00-${TRACE}-${SPAN}0-01`],
    ['other digits', `00-${TRACE.replace('4', '٤')}-${SPAN}-01`],
    ['spaces around it', ` ${TRACEPARENT} `],
    ['two of them', `${TRACEPARENT}, ${TRACEPARENT}`],
    ['a line feed', `${TRACEPARENT}\n`],
    ['no end', `cc-${TRACE}-${SPAN}-01-${'a'.repeat(100_000)}`],
  ])('with %s is none', (_what, traceparent) => {
    expect(readTraceContext({ traceparent, tracestate: 'a=1' })).toBeUndefined();
  });

  it('that came twice is none', () => {
    expect(readTraceContext({ traceparent: [TRACEPARENT, TRACEPARENT] })).toBeUndefined();
  });
});

describe('a tracestate', () => {
  const stateOf = (tracestate: string): string | undefined =>
    readTraceContext({ traceparent: TRACEPARENT, tracestate })?.state;

  it('is passed on as it came, without what stands around its members', () => {
    for (const state of ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'tenant@system=a b', '0a@b=1', 'a=!~']) {
      expect(stateOf(state)).toBe(state);
    }
    expect(stateOf(' a=1 ,\t,b=2,')).toBe('a=1,b=2');
  });

  it.each([
    ['no members', ' , '],
    ['a key without value', 'a'],
    ['an empty value', 'a='],
    ['capitals in a key', 'A=1'],
    ['one key twice', 'a=1,a=2'],
    ['a control character', 'a=\u0000'],
    ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['513 characters', `a=${'1'.repeat(250)},b=${'1'.repeat(250)},c=1234567`],
    ['one member that is wrong', 'a=1,b=2=3'],
  ])('with %s is dropped whole, and the trace stays', (_what, tracestate) => {
    expect(readTraceContext({ traceparent: TRACEPARENT, tracestate })).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      flags: 1,
    });
  });

  it('without a traceparent says nothing', () => {
    expect(readTraceContext({ tracestate: 'a=1' })).toBeUndefined();
  });
});

describe('the headers of a context', () => {
  it('are read as the same context', () => {
    const headers = { traceparent: TRACEPARENT, tracestate: 'a=1,b=2' };
    expect(traceHeaders(readTraceContext(headers))).toEqual(headers);
  });

  it('are none where there is no context', () => {
    expect(traceHeaders(undefined)).toEqual({});
  });
});
