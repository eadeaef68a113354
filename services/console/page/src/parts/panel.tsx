import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface PanelProps {
  readonly title: string;
  readonly hint?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A titled part of a screen. */
export function Panel({ title, hint, tools, children }: PanelProps) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel__head">
        <h2 id={id} class="panel__title">
          {title}
        </h2>
        {hint === undefined ? null : <p class="panel__hint">{hint}</p>}
        {tools === undefined ? null : <div class="panel__tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}
