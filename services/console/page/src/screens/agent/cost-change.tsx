import type { AgentHistory } from '#domain/observation/agent-history.ts';
import { language } from '../../app/preferences.ts';
import { formatMoneyExactly, formatSignedMoney } from '../../format/amounts.ts';
import { sayMoney } from '../../parts/amounts.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { Sentence } from '../../text/text.tsx';
import { say, sayCode } from '../../words/say.ts';
import { AGENT, CHANGES, COST_CAUSES } from './agent-words.ts';

/** Parts whose sum is the change, to the last billionth of a dollar. */
export function CostChangePanel({ change }: { readonly change: AgentHistory['costChange'] }) {
  if (change === null) {
    return (
      <Panel title={say(AGENT.whatChanged)}>
        <p class="panel__body soft">{say(AGENT.noChange)}</p>
      </Panel>
    );
  }
  const { fromNanoUsd: from, toNanoUsd: to } = change;
  const parts = change.parts.toSorted((a, b) => Math.abs(b.nanoUsd) - Math.abs(a.nanoUsd));
  const largest = Math.max(...parts.map(({ nanoUsd }) => Math.abs(nanoUsd)), 1);
  return (
    <Panel title={say(AGENT.whatChanged)} hint={say(AGENT.whatChangedHint)}>
      <p class="panel__body row small soft">
        {say(AGENT.before)}: {sayMoney(from)} · {say(AGENT.after)}: {sayMoney(to)}
      </p>
      <DataTable
        label={say(AGENT.whatChanged)}
        rows={parts}
        keyOf={({ cause }) => cause}
        columns={[
          { title: say(AGENT.cause), cell: ({ cause }) => sayCode(COST_CAUSES, cause) },
          { title: '\u00b1', cell: ({ nanoUsd }) => <Part share={nanoUsd / largest} /> },
          {
            title: say(AGENT.part),
            isNumber: true,
            cell: ({ nanoUsd }) => formatSignedMoney(language.value, nanoUsd),
          },
          {
            title: say(AGENT.exactly),
            isNumber: true,
            cell: ({ nanoUsd }) => <Exact nanoUsd={nanoUsd} />,
          },
        ]}
        foot={
          <tr>
            <th scope="row" colSpan={2}>
              {say(AGENT.together)}
            </th>
            <td class="number">{formatSignedMoney(language.value, to - from)}</td>
            <td class="number">
              <Exact nanoUsd={to - from} />
            </td>
          </tr>
        }
      />
    </Panel>
  );
}

function Exact({ nanoUsd }: { readonly nanoUsd: number }) {
  return <span class="small faint code">{formatMoneyExactly(language.value, nanoUsd)}</span>;
}

/** To the right what costs more, to the left what costs less. The number stands beside it. */
function Part({ share }: { readonly share: number }) {
  const width = Math.max(0.5, Math.abs(share) * 50);
  return (
    <svg class={`part tone--${share > 0 ? 'bad' : 'good'}`} aria-hidden="true">
      <rect
        class="meter__value"
        x={`${share > 0 ? 50 : 50 - width}%`}
        width={`${width}%`}
        height="100%"
        rx="2"
      />
      <line class="meter__threshold" x1="50%" x2="50%" y1="0" y2="100%" />
    </svg>
  );
}

export function ChangeLog({ changes }: Pick<AgentHistory, 'changes'>) {
  return (
    <Panel title={say(AGENT.changes)}>
      {changes.length === 0 ? (
        <p class="panel__body soft">{say(AGENT.noChanges)}</p>
      ) : (
        <ol class="lines table-window" tabIndex={0} aria-label={say(AGENT.changes)}>
          {changes.map((change, at) => (
            <li class="line" key={`${change.atMicroseconds} ${at}`}>
              <p>
                <Sentence value={change.sentence} />
              </p>
              <p class="small faint">
                {sayCode(CHANGES, change.kind)} · <Time at={change.atMicroseconds} /> ·{' '}
                <Time at={change.atMicroseconds} as="both" />
              </p>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
