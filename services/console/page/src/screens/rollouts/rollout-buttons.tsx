/** What a person can ask of a release. Each button asks for a reason, and what is asked has one id however often it is sent. */
import { useState } from 'preact/hooks';
import type {
  CommandAnswer,
  CommandRequest,
  RolloutAnswer,
  RolloutButton,
} from '#services/console/api/answers.ts';
import { ProblemNote } from '../../parts/answered.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { IconName } from '../../parts/icon-names.ts';
import { ReasonField } from '../../parts/reason-field.tsx';
import { MissingRight } from '../../parts/right-button.tsx';
import { useSubmission } from '../../parts/use-submission.ts';
import { ROLLOUT, VERBS } from '../../rollouts/rollout-words.ts';
import { askAgain } from '../../server/answers.ts';
import { request } from '../../server/request.ts';
import { Sentence } from '../../text/text.tsx';
import { visible } from '../../text/visible-text.ts';
import { GENERAL } from '../../words/general-words.ts';
import { say, sayCode } from '../../words/say.ts';

const ICONS: Readonly<Record<string, IconName>> = {
  promote: 'chevron-right',
  promote_full: 'trending-up',
  approve: 'check',
  abort: 'octagon-x',
  rollback: 'undo-2',
  retry: 'refresh-cw',
  pause: 'pause',
  resume: 'play',
};
const GRAVE = new Set(['abort', 'rollback']);

interface RolloutButtonsProps {
  readonly rollout: RolloutAnswer;
  /** Of the answer, which is asked for again after a command. */
  readonly path: string;
}

export function RolloutButtons({ rollout, path }: RolloutButtonsProps) {
  const [asked, setAsked] = useState<string>();
  const [sent, setSent] = useState<string>();
  const button = rollout.commands.find(({ verb }) => verb === asked);
  return (
    <div class="stack stack--tight">
      <div class="row" role="group" aria-label={say(ROLLOUT.actions)}>
        {rollout.commands.map((command) => (
          <CommandButton key={command.verb} command={command} onAsk={() => setAsked(command.verb)} />
        ))}
      </div>
      <p role="status" class="small soft">
        {sent === undefined ? null : say(ROLLOUT.sent, { verb: sayCode(VERBS, sent) })}
      </p>
      {button === undefined ? null : (
        <CommandDialog
          button={button}
          rollout={rollout}
          path={path}
          onSent={() => {
            setSent(button.verb);
            setAsked(undefined);
            askAgain(path);
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}

function CommandButton({ command, onAsk }: { readonly command: RolloutButton; readonly onAsk: () => void }) {
  const { verb, isPossible, isAllowed, sentence } = command;
  const isUsable = isPossible && isAllowed;
  return (
    <button
      type="button"
      class={`button ${isUsable && GRAVE.has(verb) ? 'button--grave' : ''}`}
      aria-disabled={isUsable ? undefined : 'true'}
      title={visible(sentence)}
      onClick={onAsk}
    >
      <Icon name={isAllowed ? (ICONS[verb] ?? 'play') : 'lock'} />
      {sayCode(VERBS, verb)}
    </button>
  );
}

interface CommandDialogProps extends RolloutButtonsProps {
  readonly button: RolloutButton;
  readonly onSent: () => void;
  readonly onClose: () => void;
}

/** A grey button opens it as well: there it says why it is grey. */
function CommandDialog({ button, rollout, path, onSent, onClose }: CommandDialogProps) {
  const { verb, sentence, right, isAllowed, isPossible } = button;
  const { row, resourceVersion } = rollout;
  const [reason, setReason] = useState('');
  // As the person saw it when the dialog opened: what changed since is for the server to notice.
  const [seen] = useState(resourceVersion);
  const submission = useSubmission(async (id) => {
    const body: CommandRequest = { id, verb, reason: reason.trim(), resourceVersion: seen };
    await request<CommandAnswer>(`${path}/commands`, { method: 'POST', body });
    onSent();
  });
  const title = say(ROLLOUT.commandTitle, { verb: sayCode(VERBS, verb), name: visible(row.name) });
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="dialog__body"
        onSubmit={(event) => {
          event.preventDefault();
          submission.submit(reason.trim() !== '');
        }}
      >
        <p>
          <Sentence value={sentence} />
        </p>
        {isAllowed ? null : <MissingRight right={right} namespace={row.namespace} />}
        {isAllowed && isPossible ? (
          <>
            <ReasonField value={reason} onChange={setReason} isMissing={submission.isIncomplete} />
            {submission.problem === undefined ? null : <ProblemNote problem={submission.problem} />}
          </>
        ) : null}
        <footer class="dialog__foot">
          <button type="button" class="button" onClick={onClose}>
            {say(isAllowed && isPossible ? GENERAL.cancel : GENERAL.close)}
          </button>
          {isAllowed && isPossible ? (
            <button
              type="submit"
              class={`button button--main ${GRAVE.has(verb) ? 'button--grave' : ''}`}
              aria-disabled={submission.isBusy}
            >
              {sayCode(VERBS, verb)}
            </button>
          ) : null}
        </footer>
      </form>
    </Dialog>
  );
}
