import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import { Sentence } from '../text/text.tsx';
import { GENERAL, VERDICTS } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { sayRatio } from './amounts.tsx';
import { Badge } from './badge.tsx';
import { BandBar } from './band-bar.tsx';
import { judgedAmount } from './measure.ts';
import { Panel } from './panel.tsx';
import { Time } from './time.tsx';
import { VERDICT_TONES } from './tone.ts';

interface MeasurePanelProps {
  readonly title: string;
  readonly measure: JudgedMeasure;
  readonly sayAmount: (amount: number | null) => string;
}

/** Is it normal? A number, its band, the ratio, and the sentence. */
export function MeasurePanel({ title, measure, sayAmount }: MeasurePanelProps) {
  const tone = VERDICT_TONES[measure.verdict];
  const { usual } = measure;
  return (
    <Panel title={title}>
      <div class={`panel__body stack stack--tight tone--${tone}`}>
        <p class="row">
          <span class="figure">{sayAmount(judgedAmount(measure))}</span>
          {measure.ratio === null ? null : <span class="toned figure__ratio">{sayRatio(measure.ratio)}</span>}
          <Badge tone={tone}>{say(VERDICTS[measure.verdict])}</Badge>
          {measure.sinceMicroseconds === null ? null : (
            <span class="faint small">
              <Time at={measure.sinceMicroseconds} />
            </span>
          )}
        </p>
        <BandBar measure={measure} sayAmount={sayAmount} isLarge />
        {usual === null ? null : (
          <p class="small faint">
            {say(GENERAL.usualRange, { low: sayAmount(usual.low), high: sayAmount(usual.high) })}
          </p>
        )}
        <p>
          <Sentence value={measure.sentence} />
        </p>
      </div>
    </Panel>
  );
}
