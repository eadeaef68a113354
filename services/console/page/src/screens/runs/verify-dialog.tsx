/** The place of one record in the ledger, recomputed: each step with what was held against what. */
import { useState } from 'preact/hooks';
import type { VerificationAnswer } from '#services/console/api/answers.ts';
import { sayCountOf } from '../../parts/amounts.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Icon } from '../../parts/icon.tsx';
import { askAgain } from '../../server/answers.ts';
import { pathOf, withQuery } from '../../server/paths.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence } from '../../text/text.tsx';
import { visible } from '../../text/visible-text.ts';
import { GENERAL, STATUSES } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { RUN } from './runs-words.ts';

interface VerifyButtonProps {
  readonly runId: string;
  readonly namespace: string;
  readonly recordId: string;
  readonly title: string;
}

export function VerifyButton({ title, ...place }: VerifyButtonProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" class="button button--small" onClick={() => setIsOpen(true)}>
        <Icon name="fingerprint-pattern" />
        {title}
      </button>
      {isOpen ? <VerifyDialog {...place} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

interface VerifyDialogProps extends Omit<VerifyButtonProps, 'title'> {
  readonly onClose: () => void;
}

function VerifyDialog({ runId, namespace, recordId, onClose }: VerifyDialogProps) {
  const path = withQuery(`/v1/runs${pathOf(runId)}/verification`, { namespace, record: recordId });
  const answer = useAnswer<VerificationAnswer>(path);
  return (
    <Dialog title={say(RUN.verifyTitle, { id: visible(recordId) })} onClose={onClose}>
      <div class="dialog__body">
        <Answered answer={answer} onRetry={() => askAgain(path)} lines={5}>
          {(verification) => <Verification verification={verification} />}
        </Answered>
      </div>
    </Dialog>
  );
}

function Verification({ verification }: { readonly verification: VerificationAnswer }) {
  const { isVerified, steps, leafIndex, treeSize, rootHash, witnessed } = verification;
  const unknown = <span class="unknown">{say(GENERAL.unknown)}</span>;
  return (
    <>
      <p>
        <Badge tone={isVerified ? 'good' : 'bad'} icon={isVerified ? 'shield-check' : 'octagon-x'}>
          {say(isVerified ? RUN.verified : RUN.notVerified)}
        </Badge>
      </p>
      <ol class="proof">
        {steps.map(({ isRight, sentence }, at) => (
          <li key={at} class={`tone--${isRight ? 'good' : 'bad'}`}>
            <span class="toned">
              <Icon name={isRight ? 'circle-check' : 'octagon-x'} />
            </span>
            <span class="hidden-but-read">{say(isRight ? STATUSES.True : STATUSES.False)}: </span>
            <span class="proof__sentence">
              <Sentence value={sentence} />
            </span>
          </li>
        ))}
      </ol>
      <Facts
        facts={[
          [say(RUN.leaf), leafIndex === null ? unknown : sayCountOf(leafIndex)],
          [say(RUN.tree), treeSize === null ? unknown : sayCountOf(treeSize)],
          [say(RUN.witness), witnessed === null ? unknown : say(witnessed ? STATUSES.True : STATUSES.False)],
          [say(RUN.root), rootHash === null ? unknown : <code key="root">{rootHash}</code>],
        ]}
      />
    </>
  );
}
