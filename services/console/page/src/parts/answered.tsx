/** A part of a view that stands on an answer: a skeleton while nothing is known, the problem when it failed, else the view. */
import type { ComponentChildren } from 'preact';
import type { AnswerState } from '../server/answers.ts';
import type { RequestProblem } from '../server/request-problem.ts';
import { Sentence } from '../text/text.tsx';
import { GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-names.ts';

interface AnsweredProps<Answer> {
  readonly answer: AnswerState<Answer>;
  readonly onRetry?: () => void;
  /** How many lines the skeleton has. */
  readonly lines?: number;
  readonly children: (value: Answer) => ComponentChildren;
}

export function Answered<Answer>({ answer, onRetry, lines = 6, children }: AnsweredProps<Answer>) {
  const { value, problem } = answer;
  if (value === undefined && problem === undefined) return <Skeleton lines={lines} />;
  return (
    <>
      {problem === undefined ? null : <ProblemNote problem={problem} onRetry={onRetry} />}
      {value === undefined ? null : children(value)}
    </>
  );
}

export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div class="skeleton" role="status" aria-label={say(GENERAL.loading)}>
      {Array.from({ length: lines }, (_, at) => (
        <span class="skeleton__line" key={at} />
      ))}
    </div>
  );
}

interface ProblemNoteProps {
  readonly problem: RequestProblem;
  readonly onRetry?: (() => void) | undefined;
}

export function ProblemNote({ problem, onRetry }: ProblemNoteProps) {
  return (
    <div class="note note--bad" role="alert">
      <Icon name="octagon-x" />
      <p class="note__text">
        {problem.message === '' ? sayProblem(problem) : <Sentence value={problem.message} />}
      </p>
      {onRetry === undefined ? null : (
        <button type="button" class="button" onClick={onRetry}>
          <Icon name="refresh-cw" />
          {say(GENERAL.retry)}
        </button>
      )}
    </div>
  );
}

function sayProblem({ status, code }: RequestProblem): string {
  if (code === 'timed_out') return say(GENERAL.lateAnswer);
  if (code === 'answer_malformed') return say(GENERAL.badAnswer);
  if (status === 0) return say(GENERAL.noAnswer);
  if (status === 404) return say(GENERAL.notFound);
  return say(GENERAL.refused, { code: code === '' ? status : code });
}

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty__title">{title}</p>
      {children === undefined ? null : <div class="empty__text">{children}</div>}
    </div>
  );
}
