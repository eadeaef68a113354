/** One release: where it stands, what the outcomes prove, and what a person can do about it. */
import { useRoute } from 'preact-iso';
import type { RolloutAnswer } from '#services/console/api/answers.ts';
import { useTitle } from '../../app/title.ts';
import { sayCountOf, sayShare } from '../../parts/amounts.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { phaseTone, type Tone } from '../../parts/tone.ts';
import { Exposure } from '../../rollouts/rollout-line.tsx';
import { PHASES, ROLLOUT, STEPS } from '../../rollouts/rollout-words.ts';
import { askAgain } from '../../server/answers.ts';
import { pathOf } from '../../server/paths.ts';
import { isRecord } from '../../server/request-problem.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { say, sayCode } from '../../words/say.ts';
import { RecordLines } from '../../records/record-lines.tsx';
import { RolloutButtons } from './rollout-buttons.tsx';
import { RolloutMetrics } from './rollout-metrics.tsx';

export function RolloutView() {
  const { namespace = '', name = '' } = useRoute().params;
  useTitle(name, [{ title: say(ROLLOUT.title), path: '/rollouts' }]);
  const path = `/v1/rollouts${pathOf(namespace, name)}`;
  const answer = useAnswer<RolloutAnswer>(path, ['rollouts']);
  return (
    <Answered answer={answer} onRetry={() => askAgain(path)} lines={12}>
      {(rollout) => (
        <div class="stack">
          <Standing rollout={rollout} path={path} />
          <Panel title={say(ROLLOUT.evidence)} hint={say(ROLLOUT.evidenceHint)}>
            {rollout.metrics.length === 0 ? (
              <p class="panel__body soft">{say(ROLLOUT.noEvidence)}</p>
            ) : (
              <RolloutMetrics metrics={rollout.metrics} />
            )}
          </Panel>
          <div class="columns">
            <Gate gate={rollout.status['gate']} />
            <Panel title={say(ROLLOUT.history)}>
              <RecordLines entries={rollout.history} />
            </Panel>
          </div>
        </div>
      )}
    </Answered>
  );
}

function Standing({ rollout, path }: { readonly rollout: RolloutAnswer; readonly path: string }) {
  const { row } = rollout;
  return (
    <section class="panel" aria-label={row.name}>
      <div class="panel__body stack">
        <p class="row">
          <Badge tone={phaseTone(row.phase)}>{sayCode(PHASES, row.phase)}</Badge>
          <span class="faint small">{row.namespace}</span>
          {row.sinceMicroseconds === null ? null : (
            <span class="faint small">
              <Time at={row.sinceMicroseconds} />
            </span>
          )}
        </p>
        <p class="lead">
          <Sentence value={row.sentence} />
        </p>
        <div class="arms">
          <Arm title={say(ROLLOUT.stable)} name={row.stable} />
          <Icon name="chevron-right" />
          <Arm title={say(ROLLOUT.candidate)} name={row.candidate} />
          <div class="arms__exposure">
            <Exposure percent={row.exposurePercent} />
            {row.exposurePercent === null ? null : (
              <p class="small faint">
                {say(ROLLOUT.exposed, { percent: sayShare(row.exposurePercent / 100) })}
              </p>
            )}
          </div>
        </div>
        <Way steps={rollout.spec['steps']} row={row} />
        <RolloutButtons rollout={rollout} path={path} />
      </div>
    </section>
  );
}

function Arm({ title, name }: { readonly title: string; readonly name: string | null }) {
  return (
    <div>
      <p class="fact__name">{title}</p>
      <p class="fact__value">
        {name === null ? <span class="faint">{say(ROLLOUT.noCandidate)}</span> : <Text value={name} />}
      </p>
    </div>
  );
}

/** The steps as they are written, with the one at which the candidate stands. */
function Way({ steps, row }: { readonly steps: unknown; readonly row: RolloutAnswer['row'] }) {
  if (!Array.isArray(steps) || steps.length === 0) return null;
  return (
    <ol class="way" aria-label={say(ROLLOUT.way)}>
      {steps.map((step: unknown, at) => {
        const [kind = '', detail] = isRecord(step) ? (Object.entries(step)[0] ?? []) : [];
        const isHere = row.step?.index === at;
        const isDone = row.step !== null && at < row.step.index;
        return (
          <li
            key={at}
            class={`way__step ${isHere ? 'way__step--here' : ''}`}
            aria-current={isHere ? 'step' : undefined}
          >
            <Icon name={isDone ? 'check' : isHere ? 'play' : 'circle-dashed'} />
            <span>{sayCode(STEPS, kind)}</span>
            {isRecord(detail) && typeof detail['percent'] === 'string' ? (
              <strong>{detail['percent']} %</strong>
            ) : null}
            {isHere || isDone ? (
              <span class="hidden-but-read">{say(isHere ? ROLLOUT.here : ROLLOUT.done)}</span>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}

const GATE_TONES: Readonly<Record<string, Tone>> = {
  Passed: 'good',
  Failed: 'bad',
  Error: 'bad',
  Running: 'info',
};

function Gate({ gate }: { readonly gate: unknown }) {
  if (!isRecord(gate)) return null;
  const text = (name: string): string => (typeof gate[name] === 'string' ? gate[name] : '');
  const share = (name: string): string =>
    sayShare(typeof gate[name] === 'number' ? gate[name] / 10_000 : null);
  const golden = isRecord(gate['goldenSet']) ? gate['goldenSet'] : undefined;
  return (
    <Panel title={say(ROLLOUT.gate)}>
      <div class="panel__body stack stack--tight">
        <p class="row">
          <Badge tone={GATE_TONES[text('verdict')] ?? 'quiet'}>{text('verdict')}</Badge>
          {golden === undefined ? null : (
            <span class="faint small">
              <Text value={String(golden['name'])} />{' '}
              {say(ROLLOUT.gateCases, { count: sayCountOf(Number(golden['cases'])) })}
            </span>
          )}
        </p>
        <p>
          <Sentence value={text('message')} />
        </p>
        <Facts
          facts={[
            [say(ROLLOUT.candidate), share('passedBasisPoints')],
            [say(ROLLOUT.stable), share('stablePassedBasisPoints')],
          ]}
        />
      </div>
    </Panel>
  );
}
