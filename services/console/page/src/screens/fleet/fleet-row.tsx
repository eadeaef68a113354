import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import type { ShownRow } from '#services/console/api/answers.ts';
import { AgentLink } from '../../parts/agent-link.tsx';
import {
  Count,
  Duration,
  Money,
  sayCountOf,
  sayDuration,
  sayMoney,
  sayRatio,
  Share,
  shareOf,
} from '../../parts/amounts.tsx';
import { BandBar } from '../../parts/band-bar.tsx';
import { Icon } from '../../parts/icon.tsx';
import { judgedAmount } from '../../parts/measure.ts';
import { Sparkline } from '../../parts/sparkline.tsx';
import { FINDING_TONES, STATE_TONES, TONE_ICONS, VERDICT_TONES } from '../../parts/tone.ts';
import { visible } from '../../text/visible-text.ts';
import { GENERAL, STATES, STATUSES, VERDICTS } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { FLEET } from './fleet-words.ts';

interface FleetRowProps {
  readonly row: ShownRow;
  /** From 1, the head counted. */
  readonly rowIndex: number;
}

export function FleetRow({ row, rowIndex }: FleetRowProps) {
  return (
    <tr aria-rowindex={rowIndex}>
      <th scope="row" class="fleet__agent">
        <AgentLink namespace={row.namespace} name={row.name} />
      </th>
      <td title={visible(row.stateSentence)}>
        <State state={row.state} />
      </td>
      <td class="number">
        <Money value={judgedAmount(row.cost)} />
      </td>
      <td class="cell--band">
        <Judged measure={row.cost} sayAmount={sayMoney} />
      </td>
      <td class="number">
        <Duration value={judgedAmount(row.latency)} />
      </td>
      <td class="cell--band">
        <Judged measure={row.latency} sayAmount={sayDuration} />
      </td>
      <td class="number">
        <Share value={row.runs && shareOf(row.runs.failed, row.runs.total)} />
      </td>
      <td class="number">
        <Share value={row.runs && shareOf(row.runs.fitting, row.runs.fitting + row.runs.unfitting)} />
      </td>
      <td>
        <Drift row={row} />
      </td>
      <td class="number">
        {row.securityEvents === null ? <Count value={null} /> : <SecurityEvents {...row.securityEvents} />}
      </td>
      <td class="fleet__prompt">
        {row.prompt === null ? (
          <span class="faint">{say(FLEET.noPrompt)}</span>
        ) : (
          <code title={visible(row.prompt.name)}>{visible(row.prompt.digest.slice(0, 7))}</code>
        )}
      </td>
      <td>
        <Sparkline values={row.hourlyCosts} sayAmount={sayMoney} />
      </td>
    </tr>
  );
}

/** What is ready needs no colour. */
function State({ state }: Pick<ShownRow, 'state'>) {
  const tone = STATE_TONES[state];
  return (
    <span class={state === 'ready' ? 'soft' : `toned tone--${tone}`}>
      <Icon name={TONE_ICONS[tone]} /> {say(STATES[state])}
    </span>
  );
}

interface JudgedProps {
  readonly measure: JudgedMeasure;
  readonly sayAmount: (amount: number | null) => string;
}

/** The band with the ratio; where there is no band yet, why. */
function Judged({ measure, sayAmount }: JudgedProps) {
  const tone = VERDICT_TONES[measure.verdict];
  return (
    <span class={`judged tone--${tone}`} title={visible(measure.sentence)}>
      <BandBar measure={measure} sayAmount={sayAmount} />
      <span class={measure.verdict === 'normal' ? 'judged__ratio soft' : 'judged__ratio toned'}>
        {measure.verdict === 'normal' ? null : <Icon name={TONE_ICONS[tone]} />}
        {measure.ratio === null ? say(VERDICTS[measure.verdict]) : sayRatio(measure.ratio)}
      </span>
    </span>
  );
}

function Drift({ row: { drift } }: { readonly row: ShownRow }) {
  const words = { True: FLEET.drifted, False: FLEET.steady, Unknown: STATUSES.Unknown };
  return (
    <span class={`row tone--${FINDING_TONES[drift.status]}`} title={visible(drift.sentence)}>
      <span class={drift.status === 'False' ? 'soft' : 'toned'}>
        <Icon name={TONE_ICONS[FINDING_TONES[drift.status]]} /> {say(words[drift.status])}
      </span>
    </span>
  );
}

function SecurityEvents({ total, blocked }: NonNullable<ShownRow['securityEvents']>) {
  if (total === 0) return <span class="faint">0</span>;
  const passed = total - blocked;
  return (
    <span class={passed > 0 ? 'two-lines tone--bad toned' : 'two-lines'}>
      {sayCountOf(total)}
      <span class="small faint">
        {passed === 0 ? say(FLEET.allBlocked) : say(FLEET.passed, { count: sayCountOf(passed) })}
      </span>
    </span>
  );
}

/** Stands for a row that is on its way. */
export function WaitingRow({ rowIndex, columns }: { readonly rowIndex: number; readonly columns: number }) {
  return (
    <tr aria-rowindex={rowIndex}>
      <td colSpan={columns}>
        <span class="skeleton__line skeleton__line--row" aria-label={say(GENERAL.loading)} role="img" />
      </td>
    </tr>
  );
}
