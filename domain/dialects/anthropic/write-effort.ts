/** How much the model is to think. */
import type { Written } from '../dialect.ts';
import type { ClaudeAbilities } from './claude-models.ts';

export interface WrittenEffort {
  readonly config: { readonly effort?: string };
  readonly thinking?: object;
}

const EFFORTS_OF_ALL = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** The nearest effort that the model knows: never more than was asked for, unless that is less than it can do. */
export function writeEffort(
  effort: string | undefined,
  model: string,
  abilities: ClaudeAbilities,
): Written<WrittenEffort> {
  if (effort === undefined) return { ok: true, value: { config: {} } };
  if (effort === 'none') {
    const without = abilities.withoutThinking;
    return without === undefined
      ? refuse(`${model} cannot go without thinking: the least reasoning effort is "low".`)
      : { ok: true, value: { config: {}, ...without } };
  }
  const wanted = EFFORTS_OF_ALL.indexOf(effort);
  if (wanted === -1) {
    return refuse(`Anthropic knows the reasoning efforts none, ${EFFORTS_OF_ALL.join(', ')} only.`);
  }
  const known = abilities.efforts;
  const nearest = known.findLast((each) => EFFORTS_OF_ALL.indexOf(each) <= wanted) ?? known[0];
  return nearest === undefined
    ? refuse(`${model} takes no reasoning effort: leave it out or use another model.`)
    : { ok: true, value: { config: { effort: nearest } } };
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
