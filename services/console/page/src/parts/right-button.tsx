/** A button for which a right is needed. Without it the button is grey and, asked, says which right it is and how to check. */
import { useState } from 'preact/hooks';
import { canILine } from '../session/rights.ts';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { CopyLine } from './copy-line.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-names.ts';

interface RightButtonProps {
  readonly right: string;
  readonly namespace: string | undefined;
  readonly isAllowed: boolean;
  readonly title: string;
  /** What it is done to, where several buttons have the same title. */
  readonly about?: string;
  readonly icon: IconName;
  readonly look?: string;
  readonly onPress: () => void;
}

export function RightButton({
  right,
  namespace,
  isAllowed,
  title,
  about,
  icon,
  look = '',
  onPress,
}: RightButtonProps) {
  const [isExplained, setIsExplained] = useState(false);
  return (
    <>
      <button
        type="button"
        class={`button ${look}`}
        aria-label={about === undefined ? undefined : `${title}: ${about}`}
        aria-disabled={isAllowed ? undefined : 'true'}
        onClick={isAllowed ? onPress : () => setIsExplained(true)}
      >
        <Icon name={isAllowed ? icon : 'lock'} />
        {title}
      </button>
      {isExplained ? (
        <Dialog title={title} onClose={() => setIsExplained(false)}>
          <div class="dialog__body">
            <MissingRight right={right} namespace={namespace} />
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

interface MissingRightProps {
  readonly right: string;
  readonly namespace: string | undefined;
}

export function MissingRight({ right, namespace }: MissingRightProps) {
  return (
    <>
      <p class="row">
        <Icon name="lock" />
        {say(GENERAL.missingRight, { right })}
      </p>
      <p class="soft">{say(GENERAL.askForRight)}</p>
      <CopyLine text={canILine(right, namespace)} />
    </>
  );
}
