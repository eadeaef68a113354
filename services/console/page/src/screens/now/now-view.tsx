/** The first look: what needs me, and whether what we spend is normal. */
import type { NowAnswer } from '#services/console/api/answers.ts';
import { useTitle } from '../../app/title.ts';
import { AttentionList } from '../../attention/attention-list.tsx';
import { Count, Money, sayCountOf, sayMoney, sayRatio, Share, shareOf } from '../../parts/amounts.tsx';
import { Answered, Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { BandBar } from '../../parts/band-bar.tsx';
import { judgedAmount } from '../../parts/measure.ts';
import { Panel } from '../../parts/panel.tsx';
import { VERDICT_TONES } from '../../parts/tone.ts';
import { RolloutLine } from '../../rollouts/rollout-line.tsx';
import { askAgain } from '../../server/answers.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { GENERAL, VERDICTS } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { NOW } from './now-words.ts';

const PATH = '/v1/now';

export function NowView() {
  useTitle(say(NOW.title));
  const answer = useAnswer<NowAnswer>(PATH, ['now']);
  return (
    <Answered answer={answer} onRetry={() => askAgain(PATH)} lines={10}>
      {(now) => (
        <div class="stack">
          <Spending now={now} />
          <div class="now">
            <Panel title={say(NOW.needsYou)}>
              {now.attention.length === 0 ? (
                <Empty icon="circle-check" title={say(NOW.nothing)}>
                  {say(NOW.nothingHint)}
                </Empty>
              ) : (
                <AttentionList items={now.attention} />
              )}
            </Panel>
            <div class="stack">
              <Panel title={say(NOW.rollouts)}>
                {now.rollouts.length === 0 ? (
                  <p class="panel__body soft">{say(NOW.noRollouts)}</p>
                ) : (
                  <ul class="lines">
                    {now.rollouts.map((rollout) => (
                      <li key={`${rollout.namespace}/${rollout.name}`}>
                        <RolloutLine rollout={rollout} />
                      </li>
                    ))}
                  </ul>
                )}
              </Panel>
              {now.namespaces.length > 1 ? <Namespaces now={now} /> : null}
            </div>
          </div>
        </div>
      )}
    </Answered>
  );
}

function Spending({ now }: { readonly now: NowAnswer }) {
  const { cost } = now;
  const tone = VERDICT_TONES[cost.verdict];
  return (
    <section class="spending" aria-label={say(NOW.thisHour)}>
      <div class={`spending__now tone--${tone}`}>
        <p class="fact__name">{say(NOW.thisHour)}</p>
        <p class="row">
          <span class="figure">
            <Money value={judgedAmount(cost)} />
          </span>
          {cost.ratio === null ? null : <span class="toned figure__ratio">{sayRatio(cost.ratio)}</span>}
          <Badge tone={tone}>{say(VERDICTS[cost.verdict])}</Badge>
        </p>
        <BandBar measure={cost} sayAmount={sayMoney} isLarge />
        <p class="spending__legend small faint">
          <span>{say(NOW.soFar, { amount: sayMoney(cost.amount) })}</span>
          {cost.usual === null ? null : (
            <span>
              {say(GENERAL.usualRange, { low: sayMoney(cost.usual.low), high: sayMoney(cost.usual.high) })},{' '}
              {say(NOW.median, { amount: sayMoney(cost.usual.median) })}
            </span>
          )}
        </p>
        <p class="spending__sentence">
          <Sentence value={cost.sentence} />
        </p>
      </div>
      <dl class="spending__facts">
        <Fact name={say(NOW.monthToDate)}>
          <Money value={now.costMonthToDate} />
        </Fact>
        <Fact name={say(NOW.monthEnd)}>
          <Money value={now.costMonthEnd} />
        </Fact>
        <Fact name={say(NOW.runsLastHour)}>
          <Count value={now.runsLastHour} />
          <span class="block faint small regular">
            <Share
              value={shareOf(
                now.failedRunsLastHour ?? 0,
                now.failedRunsLastHour === null ? 0 : (now.runsLastHour ?? 0),
              )}
            />{' '}
            {say(NOW.failedLastHour)}
          </span>
        </Fact>
        <Fact name={say(NOW.agentsReady)}>
          {say(NOW.ofAll, { ready: sayCountOf(now.agentsReady), all: sayCountOf(now.agents) })}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt class="fact__name">{name}</dt>
      <dd class="fact__value fact__value--large">{children}</dd>
    </div>
  );
}

function Namespaces({ now }: { readonly now: NowAnswer }) {
  return (
    <Panel title={say(NOW.namespaces)}>
      <div class="scroller" role="group" aria-label={say(NOW.namespaces)} tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{say(GENERAL.namespace)}</th>
              <th scope="col" class="number">
                {say(NOW.cost)}
              </th>
              <th scope="col">{say(NOW.against)}</th>
              <th scope="col" class="number">
                {say(NOW.agents)}
              </th>
              <th scope="col" class="number">
                {say(NOW.failed)}
              </th>
            </tr>
          </thead>
          <tbody>
            {now.namespaces.map((each) => (
              <tr key={each.namespace}>
                <th scope="row">
                  <a class="link" href={`/agents?namespace=${encodeURIComponent(each.namespace)}`}>
                    <Text value={each.namespace} />
                  </a>
                </th>
                <td class="number">
                  <Money value={judgedAmount(each.cost)} />
                </td>
                <td class="cell--band">
                  <BandBar measure={each.cost} sayAmount={sayMoney} />
                </td>
                <td class="number">
                  <Count value={each.agents} />
                </td>
                <td class="number">
                  <Share value={shareOf(each.failedRunsLastHour, each.runsLastHour)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
