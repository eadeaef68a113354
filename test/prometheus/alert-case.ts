/** What shows that an alert is right. */
import type { RuleCase, Series } from './promtool.ts';

export interface AlertCase {
  /** The labels that the alert then has, beside its name. */
  readonly labels?: string;
  readonly fires: Omit<RuleCase, 'firing'>;
  /** What else the same series set off, by name and labels. */
  readonly also?: readonly string[];
  readonly silent: readonly Omit<RuleCase, 'firing'>[];
}

/** One value all the time. */
export const always = (series: string, value: number): Series => ({ [series]: `${value}x900` });
