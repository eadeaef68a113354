/** What the threads of the store say to each other, and how errors cross over. */
import { StoreFencedError, StoreFullError } from '../ledger-store.ts';
import { StoreTamperedError } from '../standing-losses.ts';
import { InvalidCursorError } from '../rollups/run-cursor.ts';

export interface CallMessage {
  readonly id: number;
  readonly method: string;
  readonly values: readonly unknown[];
}

export type AnswerMessage =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: ToldError };

export interface ToldError {
  readonly name: string;
  readonly message: string;
}

const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;
const ERRORS = { StoreFencedError, StoreFullError, StoreTamperedError, InvalidCursorError } as const;

export function tellError(error: unknown, path: string): ToldError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode % 256 : 0;
  if (code === SQLITE_FULL) {
    return {
      name: 'StoreFullError',
      message: `There is no room for the ledger ${path}: nothing was written. Give its volume more room, or its maximum size, or prune.`,
    };
  }
  if (code === SQLITE_IOERR) {
    return { name: 'Error', message: `The disk of the ledger ${path} failed: ${error.message}.` };
  }
  return { name: error.name, message: error.message };
}

export function toError({ name, message }: ToldError): Error {
  const Known = Object.hasOwn(ERRORS, name) ? ERRORS[name as keyof typeof ERRORS] : Error;
  return new Known(message);
}
