import type { Query } from '../../app/query.ts';
import { SearchField, SelectField } from '../../parts/filters.tsx';
import { NamespaceField } from '../../parts/namespace-field.tsx';
import { STATES, VERDICTS } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { ALL_STATES, ALL_VERDICTS, type FleetQuery } from './fleet-query.ts';
import { FLEET, SORTS } from './fleet-words.ts';

interface FleetFiltersProps {
  readonly fleet: FleetQuery;
  readonly query: Query;
}

export function FleetFilters({ fleet, query }: FleetFiltersProps) {
  return (
    <div class="row" role="search">
      <SearchField
        label={say(FLEET.searchHint)}
        value={fleet.search}
        onChange={(search) => query.set({ search })}
      />
      <NamespaceField value={fleet.namespace} onChange={(namespace) => query.set({ namespace }, true)} />
      <SelectField
        label={say(FLEET.state)}
        value={fleet.state}
        options={[
          { value: '', text: say(FLEET.allStates) },
          ...ALL_STATES.map((value) => ({ value, text: say(STATES[value]) })),
        ]}
        onChange={(state) => query.set({ state }, true)}
      />
      <SelectField
        label={say(FLEET.verdict)}
        value={fleet.verdict}
        options={[
          { value: '', text: say(FLEET.allVerdicts) },
          ...ALL_VERDICTS.map((value) => ({ value, text: say(VERDICTS[value]) })),
        ]}
        onChange={(verdict) => query.set({ verdict }, true)}
      />
      <SelectField
        label={say(FLEET.sort)}
        value={fleet.sort}
        options={Object.entries(SORTS).map(([value, word]) => ({ value, text: say(word) }))}
        onChange={(sort) => query.set({ sort, order: undefined }, true)}
      />
    </div>
  );
}
