import { expect, it } from 'vitest';
import { linkSignals } from './interruption.ts';

it('ends with the first of its signals and for the same reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  using linked = linkSignals(one.signal, other.signal);
  other.abort('other');
  one.abort('one');
  expect(linked.signal.reason).toBe('other');
});

it('has ended from the start where one of its signals has', () => {
  using linked = linkSignals(AbortSignal.abort('before'), new AbortController().signal);
  expect(linked.signal.reason).toBe('before');
});

it('hears nothing any more once it is disposed of', () => {
  const source = new AbortController();
  const linked = linkSignals(source.signal);
  linked[Symbol.dispose]();
  source.abort();
  expect(linked.signal.aborted).toBe(false);
});
