/** What the person sees: one line for each step, and a bar that redraws itself on a terminal only. */

export interface ConsoleReport {
  step(text: string): void;
  detail(text: string): void;
  // A transient text: on a terminal the line is redrawn, elsewhere a line appears twice a minute at most.
  progress(text: string): void;
}

const PLAIN_PROGRESS_INTERVAL_MILLISECONDS = 30_000;

export function createConsoleReport(stream: NodeJS.WriteStream): ConsoleReport {
  let transientShown = false;
  let lastPlainProgress = 0;
  const clearTransient = (): void => {
    if (transientShown) stream.write('\r\u001b[2K');
    transientShown = false;
  };
  const startedAt = performance.now();
  return {
    step(text) {
      clearTransient();
      const elapsedSeconds = Math.round((performance.now() - startedAt) / 1000);
      stream.write(`[${String(elapsedSeconds).padStart(3)} s] ${text}\n`);
    },
    detail(text) {
      clearTransient();
      stream.write(`${text}\n`);
    },
    progress(text) {
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K        ${text.slice(0, (stream.columns || 80) - 9)}`);
        transientShown = true;
        return;
      }
      const now = performance.now();
      if (lastPlainProgress !== 0 && now - lastPlainProgress < PLAIN_PROGRESS_INTERVAL_MILLISECONDS) return;
      lastPlainProgress = now;
      stream.write(`        ${text}\n`);
    },
  };
}

export const SILENT_REPORT: ConsoleReport = {
  step: () => undefined,
  detail: () => undefined,
  progress: () => undefined,
};
