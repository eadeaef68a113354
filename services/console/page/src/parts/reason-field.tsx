import { useId } from 'preact/hooks';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';

interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly isMissing: boolean;
}

const REASON_MAXIMUM_CHARACTERS = 1024;

export function ReasonField({ value, onChange, isMissing }: ReasonFieldProps) {
  const id = useId();
  const isWrong = isMissing && value.trim() === '';
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {say(GENERAL.reason)}
      </label>
      <textarea
        id={id}
        class="input"
        maxLength={REASON_MAXIMUM_CHARACTERS}
        required
        value={value}
        aria-invalid={isWrong ? 'true' : undefined}
        aria-describedby={`${id}-hint`}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      <p id={`${id}-hint`} class={isWrong ? 'field__problem' : 'field__hint'}>
        {say(isWrong ? GENERAL.reasonMissing : GENERAL.reasonHint)}
      </p>
    </div>
  );
}
