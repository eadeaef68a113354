import { describe, expect, it } from 'vitest';
import {
  GATE_VERDICT_MAXIMUM_BYTES,
  type GateVerdict,
  readGateVerdict,
  writeGateVerdict,
} from './gate-verdict.ts';

const ARM = {
  digest: 'a'.repeat(64),
  passed: 90,
  errors: 0,
  passedBasisPoints: 9000,
  schemaValidBasisPoints: 10_000,
  firstSchemaValidBasisPoints: 9_900,
  costNanoUsd: 1_000_000,
  p95LatencyMilliseconds: 900,
};
const VERDICT: GateVerdict = {
  schemaVersion: 1,
  verdict: 'Failed',
  reasons: ['worse_than_stable'],
  message: 'The candidate is worse.',
  goldenSet: { name: 'triage', digest: 'b'.repeat(64), cases: 100 },
  repeats: 3,
  candidate: ARM,
  stable: ARM,
  lowerBoundBasisPoints: 8000,
  floorBasisPoints: 8000,
  mcNemarP: 0.01,
  detectableDropBasisPoints: 900,
  worse: { names: ['case-1'], more: 0 },
  better: { names: [], more: 0 },
  criticalRegressions: { names: [], more: 0 },
  judge: {
    model: 'large',
    served: ['large'],
    votes: 3,
    graded: 200,
    agreementBasisPoints: 9_500,
    ownAnswers: 0,
    costNanoUsd: 500_000,
  },
  costNanoUsd: 2_000_000,
};

describe('a verdict as a termination message', () => {
  it('comes back as it was written', () => {
    expect(readGateVerdict(writeGateVerdict(VERDICT))).toEqual(VERDICT);
  });

  it('never outgrows what the kubelet keeps, counts the names that it leaves out, and keeps those that are critical', () => {
    const names = Array.from({ length: 500 }, (_, at) => `${'é'.repeat(60)}-${at}`);
    const text = writeGateVerdict({
      ...VERDICT,
      message: '€'.repeat(1024),
      worse: { names, more: 0 },
      better: { names, more: 7 },
      criticalRegressions: { names: ['critical-1'], more: 0 },
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(GATE_VERDICT_MAXIMUM_BYTES);
    const read = readGateVerdict(text);
    expect(read?.verdict).toBe('Failed');
    expect((read?.worse.names.length ?? 0) + (read?.worse.more ?? 0)).toBe(500);
    expect((read?.better.names.length ?? 0) + (read?.better.more ?? 0)).toBe(507);
  });

  it('is read from a program that says nothing yet of first answers and of a judge', () => {
    const { judge: _judge, ...older } = VERDICT;
    const { firstSchemaValidBasisPoints: _first, ...arm } = ARM;
    const read = readGateVerdict(JSON.stringify({ ...older, candidate: arm, stable: arm }));
    expect(read).toMatchObject({ verdict: 'Failed', judge: null });
    expect(read?.candidate?.firstSchemaValidBasisPoints).toBeUndefined();
  });

  it.each([[''], ['Killed'], ['{}'], ['{"verdict":"Passed"}'], ['['.repeat(5000)]])(
    'is not seen in what is none: %s',
    (text) => {
      expect(readGateVerdict(text)).toBeUndefined();
    },
  );
});
