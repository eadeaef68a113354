/** Turns the lines of `go build -v` (one import path for each package compiled) into progress. */

export interface BuildProgress {
  readonly compiledPackages: number;
  readonly expectedPackages: number;
  readonly elapsedSeconds: number;
}

/** Invariant: an import path has no blanks, while "go: downloading x v1" and compiler errors do. */
export function countCompiledPackages(outputLines: readonly string[]): number {
  return outputLines.filter((line) => /^[A-Za-z0-9][^\s:]*$/.test(line)).length;
}

export function secondsLeft(progress: BuildProgress): number | undefined {
  const { compiledPackages, expectedPackages, elapsedSeconds } = progress;
  // Too early for a rate: the first packages are small and the estimate would jump about.
  if (compiledPackages < 20 || elapsedSeconds < 3) return undefined;
  // The last one percent stands for linking, which no line announces.
  const left = Math.max(expectedPackages - compiledPackages, 0) + expectedPackages / 100;
  return Math.round((left * elapsedSeconds) / compiledPackages);
}

export function describeDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.round(seconds % 60)} s`;
}

export function renderProgress(progress: BuildProgress, widthColumns: number): string {
  const { compiledPackages, expectedPackages } = progress;
  const fraction = Math.min(0.99, compiledPackages / Math.max(1, expectedPackages));
  const left = secondsLeft(progress);
  const text = ` ${Math.floor(fraction * 100)} %  ${compiledPackages} of about ${expectedPackages} packages${
    left === undefined ? '' : `, about ${describeDuration(left)} left`
  }`;
  const barColumns = Math.min(30, widthColumns - text.length - 3);
  if (barColumns < 5) return text.trimStart();
  const filled = Math.round(fraction * barColumns);
  return `[${'='.repeat(filled)}${' '.repeat(barColumns - filled)}]${text}`;
}
