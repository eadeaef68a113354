import type { NowAnswer } from '#services/console/api/answers.ts';
import { FLEET } from '../screens/fleet/fleet-words.ts';
import { useAnswer } from '../server/use-answer.ts';
import { session } from '../session/session-state.ts';
import { visible } from '../text/visible-text.ts';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { SelectField } from './filters.tsx';

interface NamespaceFieldProps {
  /** Empty: all of them. */
  readonly value: string;
  readonly onChange: (namespace: string) => void;
}

/** In which namespace is looked. */
export function NamespaceField({ value, onChange }: NamespaceFieldProps) {
  return (
    <SelectField
      label={say(GENERAL.namespace)}
      value={value}
      options={[
        { value: '', text: say(FLEET.allNamespaces) },
        ...useNamespaces().map((namespace) => ({ value: namespace, text: visible(namespace) })),
      ]}
      onChange={onChange}
    />
  );
}

/** Of which a person may choose one: their own, or where they may see all, those in which something is. */
function useNamespaces(): readonly string[] {
  const { value } = useAnswer<NowAnswer>('/v1/now', [], 60_000);
  const state = session.value;
  if (state.kind === 'in' && state.session.namespaces !== 'all') return state.session.namespaces;
  return (value?.namespaces ?? []).map(({ namespace }) => namespace).toSorted();
}
