import type { ComponentChildren } from 'preact';

export type FactOf = readonly [name: string, value: ComponentChildren];

export function Facts({ facts }: { readonly facts: readonly FactOf[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt class="fact__name">{name}</dt>
          <dd class="fact__value">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
