/** Verifies what is in a file, without asking anybody. */
import { readFile, stat } from 'node:fs/promises';
import { entriesOfExport } from '#domain/ledger/verify/served-entries.ts';
import { verifyLedger } from '#domain/ledger/verify/verify-ledger.ts';
import { EVIDENCE_MAXIMUM_CHARACTERS, verifyEvidence } from '#domain/transparency/evidence.ts';
import { MalformedNoteError, UntrustedNoteError } from '#domain/transparency/signed-note.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandError } from '../exit-codes.ts';
import { KnownKeys, type KnownLedger, parseKeys } from './known-keys.ts';
import { readSavedLog } from './saved-log.ts';
import { type KeyFlags, type Verified, readCheckpoint, requireOriginOf } from './verify-served-log.ts';

export interface Proven {
  readonly origin: string;
  readonly index: number;
  readonly size: number;
  readonly witnesses: readonly { readonly name: string; readonly atSeconds: number | undefined }[];
  readonly entry: unknown;
}

export async function verifyEvidenceFile(
  path: string,
  flags: KeyFlags,
  context: CommandContext,
): Promise<Proven> {
  const trusted = await keysAtHand(flags, context);
  const text = await readBoundedFile(path, EVIDENCE_MAXIMUM_CHARACTERS);
  try {
    const { entry, index, checkpoint } = verifyEvidence(text, {
      logs: parseKeys(trusted.logs, 'A key of the ledger'),
      witnesses: parseKeys(trusted.witnesses, 'A key of a witness'),
    });
    return {
      origin: checkpoint.origin,
      index,
      size: checkpoint.size,
      witnesses: checkpoint.cosignatures.map(({ key, timestampSeconds }) => ({
        name: key.name,
        atSeconds: timestampSeconds,
      })),
      entry: JSON.parse(entry) as unknown,
    };
  } catch (error) {
    if (error instanceof MalformedNoteError)
      throw new CommandError('usage', `${path} is no evidence: ${error.message}`);
    if (error instanceof UntrustedNoteError)
      throw new CommandError('failed', `${path} proves nothing: ${error.message}`);
    throw error;
  }
}

export async function verifySavedLog(
  path: string,
  flags: KeyFlags,
  context: CommandContext,
): Promise<Verified> {
  const trusted = await keysAtHand(flags, context);
  const { namespace, checkpoint, otherCheckpoints, readTile, lines } = await readSavedLog(path);
  const { origin } = readCheckpoint(checkpoint);
  const logs = parseKeys(trusted.logs, 'A key of the ledger');
  requireOriginOf(origin, namespace, logs);
  const report = await verifyLedger({
    origin,
    namespace,
    entries: entriesOfExport(ReadableStream.from(lines), 0),
    readTile,
    checkpoint,
    otherCheckpoints,
    keys: { logs, witnesses: parseKeys(trusted.witnesses, 'A key of a witness') },
  });
  return { namespace, origin, ledgerKeys: trusted.logs, witnessKeys: trusted.witnesses, report };
}

/** Of the command line, else all that are pinned of any ledger: a key speaks for its own origins alone. */
async function keysAtHand(
  flags: KeyFlags,
  { environment }: CommandContext,
): Promise<Pick<KnownLedger, 'logs' | 'witnesses'>> {
  const known = await KnownKeys.read(environment);
  const pinned = known.all();
  const logs = flags.ledgerKey.length > 0 ? [...flags.ledgerKey] : pinned.logs;
  if (logs.length === 0) {
    throw new CommandError(
      'usage',
      `No key of a ledger is known: give one with --ledger-key (none is pinned in ${known.path}).`,
    );
  }
  return { logs, witnesses: flags.witnessKey.length > 0 ? [...flags.witnessKey] : pinned.witnesses };
}

async function readBoundedFile(path: string, maximumBytes: number): Promise<string> {
  try {
    if ((await stat(path)).size > maximumBytes)
      throw new CommandError('usage', `${path} is larger than ${maximumBytes} bytes.`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      'usage',
      `${path} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`,
    );
  }
}
