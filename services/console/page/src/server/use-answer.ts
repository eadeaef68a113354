import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type AnswerState, answerOf, follow } from './answers.ts';

const NOTHING = signal<AnswerState<never>>({ value: undefined, problem: undefined, isAsking: false });

/** The answer to a path, current for as long as the component is shown. Null: there is nothing to ask yet. */
export function useAnswer<Answer>(
  path: string | null,
  topics: readonly string[] = [],
  pauseMilliseconds?: number,
): AnswerState<Answer> {
  const key = topics.join(' ');
  useEffect(
    () => (path === null ? undefined : follow(path, key === '' ? [] : key.split(' '), pauseMilliseconds)),
    [path, key, pauseMilliseconds],
  );
  return (path === null ? NOTHING : answerOf<Answer>(path)).value;
}
