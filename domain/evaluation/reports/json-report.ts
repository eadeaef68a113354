/** Everything that was seen, for programs. */
import type { EvaluationResult } from '../evaluation-result.ts';
import type { Judgement } from '../judge-evaluation.ts';

export function jsonReport(judgement: Judgement, result: EvaluationResult): string {
  const { verdict, rules, cost, latency, cases } = judgement;
  const { model, candidate, stable, judge } = result;
  return `${JSON.stringify({ verdict, rules, candidate, stable, model, judge, costRatio: cost, p95LatencyRatio: latency, cases }, undefined, 2)}\n`;
}
