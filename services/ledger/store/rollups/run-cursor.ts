/** Where a page of runs ended: the place of its last row in the order of all rows. Opaque to whoever carries it. */
import { z } from 'zod';
import { Identifier, Microseconds, Namespace } from '#domain/ledger/record-fields.ts';

export interface RunPlace {
  readonly beganAtMicroseconds: number;
  readonly id: string;
  readonly namespace: string;
}

const RunCursor = z.tuple([Microseconds, Identifier, Namespace]);

export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}

export function nextRunCursor({ beganAtMicroseconds, id, namespace }: RunPlace): string {
  return Buffer.from(JSON.stringify([beganAtMicroseconds, id, namespace])).toString('base64url');
}

/** Throws an InvalidCursorError for what nextRunCursor has not made. */
export function readRunCursor(cursor: string): RunPlace {
  const [beganAtMicroseconds, id, namespace] = parse(cursor);
  return { beganAtMicroseconds, id, namespace };
}

function parse(cursor: string): z.infer<typeof RunCursor> {
  try {
    return RunCursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new InvalidCursorError('The cursor is not one of a page of runs: begin without a cursor.');
  }
}
