import { useId, useState } from 'preact/hooks';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { SilenceRequest } from '#services/console/api/answers.ts';
import { ProblemNote } from '../parts/answered.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ReasonField } from '../parts/reason-field.tsx';
import { useSubmission } from '../parts/use-submission.ts';
import { askAgain } from '../server/answers.ts';
import { request } from '../server/request.ts';
import { pathOf } from '../server/paths.ts';
import { visible } from '../text/visible-text.ts';
import { GENERAL } from '../words/general-words.ts';
import { say, sayCount } from '../words/say.ts';
import { ATTENTION } from './attention-words.ts';

const HOURS = [1, 4, 12, 24, 72, 168, 720] as const;
const HOUR_MICROSECONDS = 3_600_000_000;

interface SilenceDialogProps {
  readonly item: AttentionItem;
  readonly action: SilenceRequest['action'];
  readonly onClose: () => void;
}

export function SilenceDialog({ item, action, onClose }: SilenceDialogProps) {
  const id = useId();
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState<number>(4);
  const submission = useSubmission(async (requestId) => {
    const body: SilenceRequest = {
      id: requestId,
      action,
      reason: reason.trim(),
      untilMicroseconds: Date.now() * 1000 + hours * HOUR_MICROSECONDS,
    };
    await request(`/v1/attention${pathOf(item.id)}/silence`, { method: 'POST', body });
    askAgain('/v1/now');
    onClose();
  });
  const isMute = action === 'muted';
  const title = say(isMute ? ATTENTION.muteTitle : ATTENTION.expectTitle, { title: visible(item.title) });
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="dialog__body"
        onSubmit={(event) => {
          event.preventDefault();
          submission.submit(reason.trim() !== '');
        }}
      >
        <p class="soft">{say(isMute ? ATTENTION.muteMeaning : ATTENTION.expectMeaning)}</p>
        <div class="field">
          <label class="field__label" for={`${id}-hours`}>
            {say(ATTENTION.forHowLong)}
          </label>
          <select
            id={`${id}-hours`}
            class="select"
            value={hours}
            onChange={({ currentTarget }) => setHours(Number(currentTarget.value))}
          >
            {HOURS.map((each) => (
              <option key={each} value={each}>
                {each < 24 ? sayCount(ATTENTION.hours, each) : sayCount(ATTENTION.days, each / 24)}
              </option>
            ))}
          </select>
        </div>
        <ReasonField value={reason} onChange={setReason} isMissing={submission.isIncomplete} />
        {submission.problem === undefined ? null : <ProblemNote problem={submission.problem} />}
        <footer class="dialog__foot">
          <button type="button" class="button" onClick={onClose}>
            {say(GENERAL.cancel)}
          </button>
          <button type="submit" class="button button--main" aria-disabled={submission.isBusy}>
            {say(isMute ? ATTENTION.mute : ATTENTION.expect)}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
