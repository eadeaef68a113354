/** The proof of one record, judged here: nothing that the ledger says of itself is believed, only its keys when they are first seen. */
import { z } from 'zod';
import type { LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { type OpenedCheckpoint, type TrustedKeys, openCheckpoint } from '#domain/transparency/checkpoint.ts';
import { EVIDENCE_MAXIMUM_CHARACTERS, type Evidence, parseEvidence } from '#domain/transparency/evidence.ts';
import { parseVerifierKey } from '#domain/transparency/note-keys.ts';
import { isIncluded } from '#domain/transparency/proof-verification.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import type { VerificationAnswer } from '../api/answers.ts';

const LogKeys = z.object({
  logs: z.array(z.string().max(1_024)).min(1).max(64),
  witnesses: z.array(z.string().max(1_024)).max(64),
});

/** The keys as this process saw them first; another key later is not trusted. */
export interface LogKeysSeen {
  readonly of: (reader: Pick<LedgerReader, 'json'>) => Promise<TrustedKeys>;
}

export function rememberLogKeys(): LogKeysSeen {
  let first: TrustedKeys | undefined;
  return {
    of: async (reader) => {
      const told = await reader.json('/v1/log-keys', {}, LogKeys);
      const logs = first?.logs ?? told.logs.map(parseVerifierKey);
      // A witness may be met later than the ledger; a key that is known stays.
      const known = first?.witnesses ?? [];
      const witnesses = known.length > 0 ? known : told.witnesses.map(parseVerifierKey);
      first = { logs, witnesses };
      return first;
    },
  };
}

interface Wanted {
  readonly namespace: string;
  readonly recordId: string;
  readonly runId: string;
}

export async function verifyRecord(
  reader: Pick<LedgerReader, 'json' | 'text'>,
  { namespace, recordId, runId }: Wanted,
  keysSeen: LogKeysSeen,
): Promise<VerificationAnswer> {
  const path = `/v1/records/${encodeURIComponent(namespace)}/${encodeURIComponent(recordId)}/evidence`;
  const keys = await keysSeen.of(reader);
  return judgeEvidence(await reader.text(path, {}, EVIDENCE_MAXIMUM_CHARACTERS), keys, {
    namespace,
    recordId,
    runId,
  });
}

/** Pure: what is right of a text of evidence, step by step. Stops at the first that is not. */
export function judgeEvidence(text: string, keys: TrustedKeys, wanted: Wanted): VerificationAnswer {
  const steps: { isRight: boolean; sentence: string }[] = [];
  const failed = (sentence: string): VerificationAnswer => {
    steps.push({ isRight: false, sentence });
    return { isVerified: false, steps, leafIndex: null, treeSize: null, rootHash: null, witnessed: null };
  };
  let evidence: Evidence;
  let checkpoint: OpenedCheckpoint;
  try {
    evidence = parseEvidence(text);
    checkpoint = openCheckpoint(evidence.checkpoint, keys);
  } catch (error) {
    return failed(error instanceof Error ? error.message : 'What the ledger answers is no evidence.');
  }
  const entry = entryIn(evidence.entry);
  if (evidence.entry === undefined || entry === undefined)
    return failed('The evidence carries no entry of ours.');
  const { record } = entry;
  const isIt =
    record.id === wanted.recordId &&
    record.namespace === wanted.namespace &&
    'run' in record &&
    record.run?.id === wanted.runId;
  if (!isIt) return failed('The evidence is about another record.');
  const { index, proof } = evidence;
  const leafHash = hashLeaf(evidence.entry);
  steps.push({
    isRight: true,
    sentence: `The entry of record ${record.id} was hashed here: ${hex(leafHash).slice(0, 16)}…`,
  });
  const { size, root, origin } = checkpoint;
  if (!isIncluded({ leafHash, index, size, root, proof })) {
    return failed(
      `With the ${proof.length} hashes of the proof it does not lead to the root that was signed.`,
    );
  }
  steps.push({
    isRight: true,
    sentence: `With the ${proof.length} hashes of the proof it is entry ${index} of ${size} under the root ${hex(root).slice(0, 16)}….`,
  });
  const [signature] = checkpoint.logSignatures;
  steps.push({
    isRight: true,
    sentence: `The root is signed by the log ${origin} with its key ${signature?.key.name ?? ''}.`,
  });
  const witnesses = checkpoint.cosignatures.length;
  steps.push({
    isRight: witnesses > 0,
    sentence:
      witnesses > 0
        ? `${witnesses === 1 ? 'A witness has' : `${witnesses} witnesses have`} signed the same root.`
        : 'No witness that is known here has signed this root: only the log vouches for it.',
  });
  return {
    isVerified: true,
    steps,
    leafIndex: index,
    treeSize: size,
    rootHash: hex(root),
    witnessed: witnesses > 0,
  };
}

function entryIn(text: string | undefined): LedgerEntry | undefined {
  try {
    return text === undefined ? undefined : LedgerEntry.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
