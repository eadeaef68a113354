import { pathOf } from '../server/paths.ts';
import { Text } from '../text/text.tsx';

interface Reference {
  readonly namespace: string;
  readonly name: string;
}

export function AgentLink({ namespace, name }: Reference) {
  return (
    <a class="link" href={pathOf('agents', namespace, name)}>
      <Text value={name} />
      <span class="link__namespace"> {namespace}</span>
    </a>
  );
}

export function RolloutLink({ namespace, name }: Reference) {
  return (
    <a class="link" href={pathOf('rollouts', namespace, name)}>
      <Text value={name} />
      <span class="link__namespace"> {namespace}</span>
    </a>
  );
}

export function RunLink({ namespace, id }: { readonly namespace: string; readonly id: string }) {
  return (
    <a class="link link--code" href={pathOf('runs', namespace, id)} title={id}>
      <Text value={id.length > 14 ? `${id.slice(0, 8)}\u2026${id.slice(-4)}` : id} />
    </a>
  );
}
