/** The built-in tool `calculate`: language models guess at sums; this one does them exactly. */
import { z } from 'zod';
import type { Tool } from '#domain/conversation/tool.ts';
import { EXPRESSION_MAXIMUM_CHARACTERS, evaluateExpression } from './evaluate-expression.ts';
import { toolParameters } from './tool-parameters.ts';

const CalculateArguments = z.strictObject({
  expression: z
    .string()
    .min(1)
    .max(EXPRESSION_MAXIMUM_CHARACTERS)
    .describe('Arithmetic such as "(19.99 * 3 + 4.50) * 1.21", with a point for decimals and no units.'),
});

export const calculate: Tool = {
  name: 'calculate',
  description:
    'Calculates exactly. Takes + - * / % ^, parentheses and the functions abs, floor, ceil, round(number, decimals), min, max and sum. Use it for every calculation.',
  parameters: toolParameters(CalculateArguments),
  effect: 'none',
  run: (given) => {
    const evaluation = evaluateExpression(CalculateArguments.parse(given).expression);
    if (!evaluation.ok) return evaluation;
    return { ok: true, text: evaluation.isExact ? evaluation.text : `${evaluation.text} (rounded)` };
  },
};
