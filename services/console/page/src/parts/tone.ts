/** What colour a state has. Never alone: an icon and a word say the same. */
import type { MeasureVerdict, Status } from './measure.ts';
import type { IconName } from './icon-names.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'quiet';

export const VERDICT_TONES: Readonly<Record<MeasureVerdict, Tone>> = {
  normal: 'good',
  abnormal: 'bad',
  expected: 'info',
  learning: 'info',
  unknown: 'quiet',
};

export const STATE_TONES = { ready: 'good', progressing: 'info', stalled: 'bad', unknown: 'quiet' } as const;
export const URGENCY_TONES = { page: 'bad', ticket: 'warn', notice: 'info' } as const;

/** Of a condition for which True is the bad end. */
export const FINDING_TONES: Readonly<Record<Status, Tone>> = { True: 'bad', False: 'good', Unknown: 'quiet' };
export const CONDITION_TONES: Readonly<Record<Status, Tone>> = {
  True: 'good',
  False: 'bad',
  Unknown: 'quiet',
};

export const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  good: 'circle-check',
  bad: 'octagon-x',
  warn: 'triangle-alert',
  info: 'circle-alert',
  quiet: 'circle-question-mark',
};

const PHASE_TONES: Readonly<Record<string, Tone>> = {
  Idle: 'quiet',
  Progressing: 'info',
  Paused: 'warn',
  AwaitingApproval: 'warn',
  OutsideWindow: 'info',
  RolledBack: 'bad',
  Refused: 'bad',
};

export function phaseTone(phase: string): Tone {
  return PHASE_TONES[phase] ?? 'quiet';
}
