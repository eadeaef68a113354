import { useRef, useState } from 'preact/hooks';
import { RequestProblem } from '../server/request-problem.ts';

export interface Submission {
  readonly isBusy: boolean;
  /** It was submitted without what it needs. */
  readonly isIncomplete: boolean;
  readonly problem: RequestProblem | undefined;
  readonly submit: (isComplete: boolean) => void;
}

/**
 * What a form does once. The id is chosen when the form is shown: whoever clicks twice, or again after an answer that was lost, asks
 * for the same thing and gets it once.
 */
export function useSubmission(run: (id: string) => Promise<void>): Submission {
  const [id] = useState(() => crypto.randomUUID());
  const [isBusy, setIsBusy] = useState(false);
  // The second click of a double one comes before anything is rendered.
  const isRunning = useRef(false);
  const [isIncomplete, setIsIncomplete] = useState(false);
  const [problem, setProblem] = useState<RequestProblem>();
  const submit = async (isComplete: boolean): Promise<void> => {
    setIsIncomplete(!isComplete);
    if (isRunning.current || !isComplete) return;
    isRunning.current = true;
    setIsBusy(true);
    setProblem(undefined);
    try {
      await run(id);
    } catch (error) {
      setProblem(error instanceof RequestProblem ? error : new RequestProblem(0, 'unreachable', ''));
    } finally {
      isRunning.current = false;
      setIsBusy(false);
    }
  };
  return { isBusy, isIncomplete, problem, submit: (isComplete) => void submit(isComplete) };
}
