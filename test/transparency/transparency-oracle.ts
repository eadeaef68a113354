/** Trees, proofs and notes by the Go modules of transparency-dev and of the Go checksum database. Bytes are in base64. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { goBinary } from '../go-modules/go-binary.ts';

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leafHash: string;
  readonly root: string;
  readonly proof: readonly string[];
}

export interface Consistency {
  readonly fromSize: number;
  readonly fromRoot: string;
  readonly toSize: number;
  readonly toRoot: string;
  readonly proof: readonly string[];
}

export interface Claims {
  readonly inclusions: readonly Inclusion[];
  readonly consistencies: readonly Consistency[];
}

export interface OracleQuestion {
  readonly claims: Claims;
  /** Signed notes. */
  readonly checkpoints: readonly string[];
  /** Ascending: of the trees of "entry 0", "entry 1", ... that the oracle proves and signs itself. */
  readonly sizes: readonly number[];
  readonly origin: string;
  readonly logKey: string;
  readonly witnessKey: string;
  readonly logSigner: string;
  readonly witnessSigner: string;
}

export interface OracleAnswer {
  /** Whether it accepts each claim. */
  readonly inclusions: readonly boolean[];
  readonly consistencies: readonly boolean[];
  /** Whether each checkpoint is signed by log and witness. */
  readonly witnessed: readonly boolean[];
  readonly made: Claims;
  readonly checkpoints: readonly string[];
}

export async function askOracle(question: OracleQuestion): Promise<OracleAnswer> {
  const child = spawn(await goBinary(import.meta.dirname), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(question));
  return JSON.parse(await text(child.stdout)) as OracleAnswer;
}
