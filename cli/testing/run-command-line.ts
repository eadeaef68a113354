/** The command line in this process: what it prints, and how it ends. */
import { runProgram } from '../program.ts';

export interface Ran {
  readonly code: number;
  readonly printed: string;
  readonly noted: string;
}

export const NOW = Date.UTC(2026, 10, 25, 22);

export async function runCommandLine(
  words: readonly string[],
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly columns?: number;
    readonly signal?: AbortSignal;
    readonly onWrite?: (printedSoFar: string) => void;
  } = {},
): Promise<Ran> {
  let printed = '';
  let noted = '';
  const code = await runProgram(
    words,
    {
      terminal: {
        write: (text) => {
          printed += text;
          options.onWrite?.(printed);
        },
        note: (text) => (noted += text),
        columns: options.columns ?? 80,
        hasColours: false,
      },
      // No kubeconfig of whoever runs the tests.
      environment: { HOME: '/nonexistent', ...options.environment },
      epochMilliseconds: () => NOW,
      signal: options.signal ?? new AbortController().signal,
    },
    '1.2.3',
  );
  return { code, printed, noted };
}
