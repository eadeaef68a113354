/**
 * The buttons of a rollout: which of its commands would be obeyed as it stands (domain/rollout/obey-command.ts), and what each
 * would do. The operator decides in the end; a button only says beforehand what it will say.
 */
import type { CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { windowState } from '#domain/rollout/release-windows.ts';
import type { RolloutVerb } from '#domain/rollout/rollout-command.ts';
import { growsExposure, nextStep, planOf, stepAt } from '#domain/rollout/rollout-plan.ts';
import type { Right } from '../rights/rights.ts';

/** `promote_full` is promote to 100 %, whatever steps are left: a button of its own. */
export const BUTTONS = [
  'approve',
  'promote',
  'promote_full',
  'abort',
  'pause',
  'resume',
  'rollback',
  'retry',
] as const;
export type Button = (typeof BUTTONS)[number];

export function verbOf(button: Button): RolloutVerb {
  return button === 'promote_full' ? 'promote' : button;
}

export function rightOf(button: Button): Right {
  return `update canaryrollouts/${verbOf(button)}`;
}

export interface Possibility {
  readonly isPossible: boolean;
  /** What it would do, or why it is not possible now. */
  readonly sentence: string;
}

export interface ButtonState {
  readonly spec: CanaryRolloutSpec;
  readonly status: CanaryRolloutStatus;
  readonly now: Date;
}

const NOTHING_RELEASED = no('Nothing is being released.');

export function possibilityOf(button: Button, state: ButtonState): Possibility {
  return POSSIBILITIES[button](state);
}

const POSSIBILITIES: Readonly<Record<Button, (state: ButtonState) => Possibility>> = {
  approve: ({ spec, status }) => {
    if (status.candidate === undefined) return NOTHING_RELEASED;
    if (status.paused !== undefined) return no('It is paused: resume it first.');
    const isAsked =
      status.step !== undefined && stepAt(planOf(spec), status.step.index)?.step.approve !== undefined;
    return isAsked
      ? yes(`${status.candidate.name} passes the step that waits for approval.`)
      : no('Nothing waits for approval now.');
  },
  promote: (state) => promotion(state, false),
  promote_full: (state) => promotion(state, true),
  abort: ({ status }) =>
    status.candidate === undefined
      ? NOTHING_RELEASED
      : yes(
          `${status.candidate.name} is given up: all agents serve ${status.stable?.name ?? 'nothing'} again.`,
        ),
  pause: ({ status }) => {
    if (status.candidate === undefined) return NOTHING_RELEASED;
    return status.paused === undefined
      ? yes('It stays where it is until somebody resumes it.')
      : no('It is paused already.');
  },
  resume: ({ spec, status }) => {
    if (status.candidate === undefined) return NOTHING_RELEASED;
    const isPauseStep =
      status.step !== undefined && stepAt(planOf(spec), status.step.index)?.step.pause !== undefined;
    return status.paused !== undefined || isPauseStep
      ? yes('It goes on from where it was paused.')
      : no('It is not paused.');
  },
  rollback: ({ status }) => {
    if (status.candidate !== undefined) {
      return yes(
        `${status.candidate.name} is given up: all agents serve ${status.stable?.name ?? 'nothing'} again.`,
      );
    }
    return status.previousStable === undefined
      ? no('No earlier stable version is known.')
      : yes(
          `${status.previousStable.name} is stable again, and ${status.stable?.name ?? 'the present one'} is rejected.`,
        );
  },
  retry: ({ status }) =>
    status.phase === 'RolledBack'
      ? yes('The version that was given up begins anew at the first step.')
      : no('No version that is wanted was given up.'),
};

function promotion({ spec, status, now }: ButtonState, isFull: boolean): Possibility {
  if (status.candidate === undefined) return NOTHING_RELEASED;
  const { paused: _, ...progress } = status;
  const next = isFull ? undefined : nextStep(planOf(spec), progress);
  const { isOpen, opensAt } = windowState(spec.windows, now);
  if (!isOpen && growsExposure(progress, next)) {
    const when = opensAt === undefined ? 'none ever opens' : `the next one opens at ${opensAt.toISOString()}`;
    return no(`More is exposed in a window of spec.windows only, and ${when}.`);
  }
  const { name } = status.candidate;
  return yes(
    next === undefined
      ? `${name} is stable at once for all agents, whatever steps are left.`
      : `${name} goes to step ${next.index + 1} of ${planOf(spec).length} (${next.kind}), whatever the present one still waits for.`,
  );
}

function yes(sentence: string): Possibility {
  return { isPossible: true, sentence };
}

function no(sentence: string): Possibility {
  return { isPossible: false, sentence };
}
