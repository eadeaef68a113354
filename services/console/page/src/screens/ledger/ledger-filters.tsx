import type { Query } from '../../app/query.ts';
import { SearchField, SelectField } from '../../parts/filters.tsx';
import { NamespaceField } from '../../parts/namespace-field.tsx';
import { say, sayCount } from '../../words/say.ts';
import { HOURS, readLedgerQuery } from './ledger-query.ts';
import { LEDGER, TYPES } from './ledger-words.ts';

export function LedgerFilters({ query }: { readonly query: Query }) {
  const { namespace, type, agent, run, hours } = readLedgerQuery(query.values);
  const choose = (changes: Readonly<Record<string, string>>): void =>
    query.set({ ...changes, after: undefined }, true);
  return (
    <div class="row" role="search">
      <NamespaceField value={namespace} onChange={(value) => choose({ namespace: value })} />
      <SelectField
        label={say(LEDGER.type)}
        value={type}
        options={[
          { value: '', text: say(LEDGER.anyType) },
          ...Object.entries(TYPES).map(([value, word]) => ({ value, text: say(word) })),
        ]}
        onChange={(value) => choose({ type: value })}
      />
      <SelectField
        label={say(LEDGER.since)}
        value={String(hours)}
        options={HOURS.map((each) => ({ value: String(each), text: periodOf(each) }))}
        onChange={(value) => choose({ hours: value })}
      />
      <SearchField
        label={say(LEDGER.agent)}
        value={agent}
        onChange={(value) => query.set({ agent: value, after: undefined })}
      />
      <SearchField
        label={say(LEDGER.run)}
        value={run}
        onChange={(value) => query.set({ run: value, after: undefined })}
      />
    </div>
  );
}

function periodOf(hours: number): string {
  if (hours === 0) return say(LEDGER.beginning);
  return hours < 48 ? sayCount(LEDGER.hours, hours) : sayCount(LEDGER.days, hours / 24);
}
