/** A rollout in two lines. */
import type { RolloutRow } from '#services/console/api/answers.ts';
import { RolloutLink } from '../parts/agent-link.tsx';
import { sayShare } from '../parts/amounts.tsx';
import { Badge } from '../parts/badge.tsx';
import { Time } from '../parts/time.tsx';
import { phaseTone } from '../parts/tone.ts';
import { Sentence } from '../text/text.tsx';
import { sayCode, say } from '../words/say.ts';
import { PHASES, ROLLOUT } from './rollout-words.ts';

export function RolloutLine({ rollout }: { readonly rollout: RolloutRow }) {
  return (
    <div class="line">
      <div class="row row--apart">
        <RolloutLink {...rollout} />
        <Badge tone={phaseTone(rollout.phase)}>{sayCode(PHASES, rollout.phase)}</Badge>
      </div>
      <p class="soft">
        <Sentence value={rollout.sentence} />
      </p>
      <Exposure percent={rollout.exposurePercent} />
      <p class="faint small">
        {rollout.exposurePercent === null
          ? null
          : say(ROLLOUT.exposed, { percent: sayShare(rollout.exposurePercent / 100) })}
        {rollout.step === null ? null : (
          <> · {say(ROLLOUT.step, { index: rollout.step.index + 1, count: rollout.step.count })}</>
        )}
        {rollout.sinceMicroseconds === null ? null : (
          <>
            {' '}
            · <Time at={rollout.sinceMicroseconds} />
          </>
        )}
      </p>
    </div>
  );
}

export function Exposure({ percent }: { readonly percent: number | null }) {
  if (percent === null) return null;
  return (
    <svg class="meter tone--info" aria-hidden="true">
      <rect class="meter__line" width="100%" height="100%" rx="3" />
      <rect class="meter__value" width={`${Math.min(100, Math.max(0, percent))}%`} height="100%" rx="3" />
    </svg>
  );
}
