/** How the program ends. docs/reference/cli.md and `capataz --help` are held to this. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done.' },
  failed: {
    code: 1,
    meaning:
      'A check failed: the ledger does not hold what it must, a file is wrong, or a command was refused.',
  },
  usage: { code: 2, meaning: 'The command line is not understood, or a file of yours cannot be read.' },
  unreachable: { code: 3, meaning: 'The ledger or the API server cannot be reached, or has too much to do.' },
  refused: { code: 4, meaning: 'You may not do that, or nobody knows who you are.' },
  notFound: { code: 5, meaning: 'There is no such thing.' },
  malformed: { code: 6, meaning: 'The answer is not one of a ledger.' },
} as const;
export type ExitName = keyof typeof EXIT_CODES;

/** Ends the program with a code that the command has told the meaning of. */
export class EndedWith extends Error {
  override readonly name = 'EndedWith';
  readonly code: number;

  constructor(code: number) {
    super(`ended with ${code}`);
    this.code = code;
  }
}

/** Ends the program with one sentence. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string) {
    super(message);
    this.exit = exit;
  }
}
