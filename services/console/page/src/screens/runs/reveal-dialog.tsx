import { useState } from 'preact/hooks';
import type { TextsAnswer } from '#services/console/api/answers.ts';
import { ProblemNote } from '../../parts/answered.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { useSubmission } from '../../parts/use-submission.ts';
import { pathOf, withQuery } from '../../server/paths.ts';
import { request } from '../../server/request.ts';
import { GENERAL } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { RUN } from './runs-words.ts';

interface RevealDialogProps {
  readonly namespace: string;
  readonly id: string;
  readonly onTexts: (texts: TextsAnswer) => void;
  readonly onClose: () => void;
}

export function RevealDialog({ namespace, id, onTexts, onClose }: RevealDialogProps) {
  const [reason, setReason] = useState('');
  const submission = useSubmission(async () => {
    const path = withQuery(`/v1/runs${pathOf(id)}/texts`, { namespace });
    onTexts(await request<TextsAnswer>(path, { method: 'POST', body: { reason: reason.trim() } }));
  });
  return (
    <Dialog title={say(RUN.revealTitle)} onClose={onClose}>
      <form
        class="dialog__body"
        onSubmit={(event) => {
          event.preventDefault();
          submission.submit(reason.trim() !== '');
        }}
      >
        <p class="soft">{say(RUN.revealMeaning)}</p>
        <ReasonField value={reason} onChange={setReason} isMissing={submission.isIncomplete} />
        {submission.problem === undefined ? null : <ProblemNote problem={submission.problem} />}
        <footer class="dialog__foot">
          <button type="button" class="button" onClick={onClose}>
            {say(GENERAL.cancel)}
          </button>
          <button type="submit" class="button button--main" aria-disabled={submission.isBusy}>
            {say(RUN.reveal)}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
