/** All releases, those on their way first. */
import type { RolloutRow, RolloutsAnswer } from '#services/console/api/answers.ts';
import { useTitle } from '../../app/title.ts';
import { RolloutLink } from '../../parts/agent-link.tsx';
import { sayShare } from '../../parts/amounts.tsx';
import { Answered, Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Time } from '../../parts/time.tsx';
import { phaseTone } from '../../parts/tone.ts';
import { Exposure } from '../../rollouts/rollout-line.tsx';
import { PHASES, ROLLOUT, STEPS } from '../../rollouts/rollout-words.ts';
import { askAgain } from '../../server/answers.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { GENERAL } from '../../words/general-words.ts';
import { say, sayCode } from '../../words/say.ts';

const PATH = '/v1/rollouts';
/** What waits for a person, what is on its way, what went wrong, what rests. */
const PHASE_ORDER = ['AwaitingApproval', 'Paused', 'Progressing', 'OutsideWindow', 'RolledBack', 'Refused'];

export function RolloutsView() {
  useTitle(say(ROLLOUT.title));
  const answer = useAnswer<RolloutsAnswer>(PATH, ['rollouts']);
  return (
    <section class="panel" aria-label={say(ROLLOUT.title)}>
      <Answered answer={answer} onRetry={() => askAgain(PATH)} lines={10}>
        {({ rollouts }) =>
          rollouts.length === 0 ? (
            <Empty icon="git-branch" title={say(ROLLOUT.none)}>
              {say(ROLLOUT.noneHint)}
            </Empty>
          ) : (
            <RolloutsTable rollouts={rollouts} />
          )
        }
      </Answered>
    </section>
  );
}

function RolloutsTable({ rollouts }: RolloutsAnswer) {
  const rank = ({ phase }: RolloutRow): number => (PHASE_ORDER.indexOf(phase) + 99) % 99;
  return (
    <DataTable
      label={say(ROLLOUT.title)}
      rows={rollouts.toSorted((a, b) => rank(a) - rank(b))}
      keyOf={({ namespace, name }) => `${namespace}/${name}`}
      columns={[
        { title: say(ROLLOUT.title), cell: (row) => <RolloutLink {...row} /> },
        {
          title: say(GENERAL.state),
          cell: ({ phase }) => <Badge tone={phaseTone(phase)}>{sayCode(PHASES, phase)}</Badge>,
        },
        { title: say(ROLLOUT.stable), cell: ({ stable }) => <Version name={stable} /> },
        { title: say(ROLLOUT.candidate), cell: ({ candidate }) => <Version name={candidate} /> },
        {
          title: say(ROLLOUT.way),
          cell: ({ exposurePercent, step }) => (
            <span class="score">
              <Exposure percent={exposurePercent} />
              <span class="small faint">
                {exposurePercent === null ? null : sayShare(exposurePercent / 100)}{' '}
                {step === null ? null : sayCode(STEPS, step.kind)}{' '}
                {step === null ? null : say(ROLLOUT.step, { index: step.index + 1, count: step.count })}
              </span>
            </span>
          ),
        },
        {
          title: say(ROLLOUT.now),
          cell: ({ sentence }) => (
            <span class="soft">
              <Sentence value={sentence} />
            </span>
          ),
        },
        { title: say(GENERAL.time), cell: ({ sinceMicroseconds }) => <Time at={sinceMicroseconds} /> },
      ]}
    />
  );
}

function Version({ name }: { readonly name: string | null }) {
  return name === null ? <span class="faint">{'\u2013'}</span> : <Text value={name} />;
}
