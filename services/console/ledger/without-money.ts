/** What somebody sees of the ledger who may not see what things cost. */
import type { RunEntry } from '../api/answers.ts';

/** Every amount has its unit in its name, whatever record it stands in; `meter` tells how it was counted. */
function isMoney(name: string): boolean {
  return name === 'meter' || name.toLowerCase().endsWith('nanousd');
}

export function withoutMoney(entry: RunEntry): RunEntry {
  return { ...entry, record: withoutCosts(entry.record) };
}

/** Of a record, or of the row of a run. */
export function withoutCosts(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !isMoney(name)));
}
