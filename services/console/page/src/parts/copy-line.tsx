import { useState } from 'preact/hooks';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { Icon } from './icon.tsx';

/** A command to be copied. */
export function CopyLine({ text }: { readonly text: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = (): void => {
    // Without the right to the clipboard the text can still be chosen by hand.
    navigator.clipboard.writeText(text).then(
      () => setIsCopied(true),
      () => setIsCopied(false),
    );
  };
  return (
    <div class="copy-line">
      <code class="copy-line__text" translate={false} tabIndex={0}>
        {text}
      </code>
      <button type="button" class="button button--small" onClick={copy}>
        <Icon name={isCopied ? 'check' : 'copy'} />
        <span aria-live="polite">{say(isCopied ? GENERAL.copied : GENERAL.copy)}</span>
      </button>
    </div>
  );
}
