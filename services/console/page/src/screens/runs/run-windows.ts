/**
 * Windows of the entries of a run. The ledger is asked for what comes after a position, which says nothing of how many came before:
 * the address has the number of the window as well, and where windows begin is learned on the way through them. Pure but for what it learned.
 */
export const WINDOW_ENTRIES = 200;

export interface RunWindow {
  /** The position after which it begins; 0: at the beginning of the run. */
  readonly after: number;
  /** From 0. Undefined: the address leads into the middle of the run. */
  readonly number: number | undefined;
}

export function readWindow(values: Readonly<Record<string, string>>): RunWindow {
  const after = wholeNumber(values['after']) ?? 0;
  return { after, number: after === 0 ? 0 : wholeNumber(values['window']) };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function queryOf({ after, number }: RunWindow): Readonly<Record<string, string | undefined>> {
  return {
    after: after === 0 ? undefined : String(after),
    window: after === 0 || number === undefined ? undefined : String(number),
  };
}

/** Where the windows of one run begin, as far as somebody came by. */
export class WindowTrail {
  readonly #begins = new Map<number, number>([[0, 0]]);

  public learn({ number, after }: RunWindow, nextAfter: number | null): void {
    if (number === undefined) return;
    this.#begins.set(number, after);
    if (nextAfter !== null) this.#begins.set(number + 1, nextAfter);
  }

  /** Undefined: there is none, or nobody knows where it begins. */
  public before({ number }: RunWindow): RunWindow | undefined {
    if (number === undefined || number === 0) return undefined;
    const after = this.#begins.get(number - 1);
    return after === undefined ? undefined : { after, number: number - 1 };
  }
}
