/** How far an evaluation is, in one line now and then: a log of CI keeps every one of them. */
import type { EvaluationProgress } from '#domain/evaluation/run-evaluation.ts';
import { dollarsOf } from '#domain/evaluation/reports/case-words.ts';

const PAUSE_MILLISECONDS = 5_000;

export function progressTeller(note: (text: string) => void): (progress: EvaluationProgress) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const { elapsedMilliseconds, done, total } = progress;
    if (done < total && elapsedMilliseconds - toldAt < PAUSE_MILLISECONDS) return;
    toldAt = elapsedMilliseconds;
    note(`${describeProgress(progress)}\n`);
  };
}

export function describeProgress(progress: EvaluationProgress): string {
  const { done, total, cached, errors, chargedNanoUsd, isCostKnown, remainingMilliseconds } = progress;
  const parts = [
    `${done} of ${total} runs`,
    ...(cached > 0 ? [`${cached} from the cache`] : []),
    ...(errors > 0 ? [`${errors} errors`] : []),
    isCostKnown || chargedNanoUsd > 0
      ? `${isCostKnown ? '' : 'at least '}${dollarsOf(chargedNanoUsd)} so far`
      : 'cost not known',
    ...(remainingMilliseconds === undefined || done === total
      ? []
      : [`about ${describeDuration(remainingMilliseconds)} left`]),
  ];
  return parts.join(', ');
}

function describeDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
