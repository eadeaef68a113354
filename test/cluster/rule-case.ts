/** One object that keeps or breaks a CEL rule. */
import type { SampleObject } from './sample-objects.ts';

export interface RuleCase {
  readonly rule: { readonly kind: string; readonly path: string; readonly message: string };
  readonly title: string;
  /** Stored first when given: the case is then an update of it. */
  readonly before: SampleObject | undefined;
  readonly object: SampleObject;
  readonly expected: 'accepted' | 'refused';
}

export function casesFor(
  rule: RuleCase['rule'],
  cases: Readonly<Record<string, readonly [RuleCase['expected'], SampleObject, SampleObject?]>>,
): readonly RuleCase[] {
  return Object.entries(cases).map(([title, [expected, object, before]]) => ({
    rule,
    title,
    expected,
    object,
    before,
  }));
}

export function named(object: SampleObject, name: string): SampleObject {
  return { ...object, metadata: { ...object.metadata, name } };
}
