/** Quality of all agents: which drifted, how close the others are, and why. */
import { useState } from 'preact/hooks';
import type { DriftAnswer } from '#services/console/api/answers.ts';
import { useTitle } from '../../app/title.ts';
import { Causes } from '../../attention/attention-list.tsx';
import { AgentLink } from '../../parts/agent-link.tsx';
import { sayCountOf } from '../../parts/amounts.tsx';
import { Answered, Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { closeness, ScoreMeter, SignalsTable } from '../../parts/signals-table.tsx';
import { Time } from '../../parts/time.tsx';
import { CONDITION_TONES, FINDING_TONES } from '../../parts/tone.ts';
import { askAgain } from '../../server/answers.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence } from '../../text/text.tsx';
import { visible } from '../../text/visible-text.ts';
import { STATUSES } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { FLEET } from '../fleet/fleet-words.ts';
import { DRIFT } from './drift-words.ts';

const PATH = '/v1/drift';
type DriftAgent = DriftAnswer['agents'][number];

export function DriftView() {
  useTitle(say(DRIFT.title));
  const answer = useAnswer<DriftAnswer>(PATH, ['agents'], 5000);
  return (
    <Answered answer={answer} onRetry={() => askAgain(PATH)} lines={12}>
      {(drift) => (
        <div class="stack">
          <section class="panel" aria-label={say(DRIFT.title)}>
            <div class="panel__body stack stack--tight">
              <p class="soft lead">{say(DRIFT.explain)}</p>
              <Facts
                facts={[
                  [
                    say(DRIFT.drifted),
                    sayCountOf(drift.agents.filter((each) => each.drift.status === 'True').length),
                  ],
                  [say(DRIFT.watching), sayCountOf(drift.watching)],
                  [say(DRIFT.learning), sayCountOf(drift.learning)],
                  [say(DRIFT.unknown), sayCountOf(drift.unknown)],
                  [
                    say(DRIFT.falseAlarms),
                    say(DRIFT.atMost, { count: sayCountOf(drift.falseAlarmsPerWeek) }),
                  ],
                ]}
              />
            </div>
          </section>
          <section class="panel" aria-label={say(FLEET.table)}>
            {drift.agents.length === 0 ? (
              <Empty icon="trending-up" title={say(DRIFT.none)}>
                {say(DRIFT.noneHint)}
              </Empty>
            ) : (
              <DriftTable agents={drift.agents} />
            )}
          </section>
        </div>
      )}
    </Answered>
  );
}

function DriftTable({ agents }: Pick<DriftAnswer, 'agents'>) {
  const [shown, setShown] = useState<string>();
  const keyOf = ({ namespace, name }: DriftAgent): string => `${namespace}/${name}`;
  const agent = agents.find((each) => keyOf(each) === shown);
  return (
    <>
      <DataTable
        label={say(FLEET.table)}
        rows={agents}
        keyOf={keyOf}
        columns={[
          {
            title: say(FLEET.table),
            cell: (each) => <AgentLink namespace={each.namespace} name={each.name} />,
          },
          { title: say(DRIFT.drift), cell: ({ drift }) => <DriftBadge drift={drift} /> },
          {
            title: say(DRIFT.closest),
            cell: (each) => <Closest agent={each} onShow={() => setShown(keyOf(each))} />,
          },
          {
            title: say(DRIFT.why),
            cell: ({ drift, causes }) => (
              <>
                <Sentence value={drift.sentence} />
                <Causes causes={causes} />
              </>
            ),
          },
          { title: say(DRIFT.probes), cell: ({ probed }) => <Probes probed={probed} /> },
        ]}
      />
      {agent === undefined ? null : (
        <Dialog title={say(DRIFT.signals, { name: visible(agent.name) })} onClose={() => setShown(undefined)}>
          <SignalsTable signals={agent.signals} />
        </Dialog>
      )}
    </>
  );
}

function DriftBadge({ drift }: Pick<DriftAgent, 'drift'>) {
  const words = { True: FLEET.drifted, False: FLEET.steady, Unknown: STATUSES.Unknown };
  return (
    <span class="row">
      <Badge tone={FINDING_TONES[drift.status]}>{say(words[drift.status])}</Badge>
      {drift.status === 'True' ? (
        <span class="small faint">
          <Time at={drift.sinceMicroseconds} />
        </span>
      ) : null}
    </span>
  );
}

function Closest({ agent, onShow }: { readonly agent: DriftAgent; readonly onShow: () => void }) {
  const closest = agent.signals.toSorted((a, b) => closeness(b) - closeness(a))[0];
  if (closest === undefined) return null;
  return (
    <span class="score">
      <ScoreMeter {...closest} />
      <button type="button" class="button button--small button--quiet" onClick={onShow}>
        {say(DRIFT.show)}
      </button>
    </span>
  );
}

/** True: they are answered as well as usual. */
function Probes({ probed }: Pick<DriftAgent, 'probed'>) {
  const words = { True: DRIFT.probesPass, False: DRIFT.probesFail, Unknown: STATUSES.Unknown };
  return (
    <>
      <Badge tone={CONDITION_TONES[probed.status]}>{say(words[probed.status])}</Badge>
      <span class="block small soft">
        <Sentence value={probed.sentence} />
      </span>
    </>
  );
}
