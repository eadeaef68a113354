/** What needs somebody: one article a cause, most urgent first, what is silenced last. */
import { useId, useState } from 'preact/hooks';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { SilenceRequest } from '#services/console/api/answers.ts';
import { AgentLink, RolloutLink, RunLink } from '../parts/agent-link.tsx';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import type { IconName } from '../parts/icon-names.ts';
import { RightButton } from '../parts/right-button.tsx';
import { Time } from '../parts/time.tsx';
import { URGENCY_TONES } from '../parts/tone.ts';
import { askAgain } from '../server/answers.ts';
import { pathOf } from '../server/paths.ts';
import { request } from '../server/request.ts';
import { useRight } from '../session/rights.ts';
import { Sentence, Text } from '../text/text.tsx';
import { visible } from '../text/visible-text.ts';
import { GENERAL, URGENCY_WORDS } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { ATTENTION, KIND_WORDS } from './attention-words.ts';
import { SilenceDialog } from './silence-dialog.tsx';

const AGENTS_SHOWN = 6;
const KIND_ICONS: Readonly<Record<AttentionItem['kind'], IconName>> = {
  cost: 'wallet',
  latency: 'timer',
  drift: 'trending-up',
  failures: 'octagon-x',
  security: 'shield',
  rollout: 'git-branch',
  probe: 'activity',
  agent: 'bot',
  model: 'cpu',
  ledger: 'scroll-text',
};

export function AttentionList({ items }: { readonly items: readonly AttentionItem[] }) {
  const [asked, setAsked] = useState<{ item: AttentionItem; action: SilenceRequest['action'] }>();
  const inOrder = [
    ...items.filter(({ silence }) => silence === null),
    ...items.filter(({ silence }) => silence !== null),
  ];
  return (
    <>
      <ul class="attention">
        {inOrder.map((item) => (
          <li key={item.id}>
            <Item item={item} onAsk={(action) => setAsked({ item, action })} />
          </li>
        ))}
      </ul>
      {asked === undefined ? null : (
        <SilenceDialog item={asked.item} action={asked.action} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

interface ItemProps {
  readonly item: AttentionItem;
  readonly onAsk: (action: SilenceRequest['action']) => void;
}

function Item({ item, onAsk }: ItemProps) {
  const id = useId();
  const tone = item.silence === null ? URGENCY_TONES[item.urgency] : 'quiet';
  return (
    <article class={`attention__item tone--${tone}`} aria-labelledby={id}>
      <span class="attention__kind">
        <Icon name={KIND_ICONS[item.kind]} />
      </span>
      <div class="attention__body">
        <div class="row">
          <h3 id={id} class="attention__title">
            <Sentence value={item.title} />
          </h3>
          <Badge tone={tone}>{say(URGENCY_WORDS[item.urgency])}</Badge>
          <span class="faint small">
            {say(KIND_WORDS[item.kind])} · <Time at={item.sinceMicroseconds} />
          </span>
        </div>
        <p class="attention__why">
          <Sentence value={item.why} />
        </p>
        <Causes causes={item.causes} />
        <Touched item={item} />
      </div>
      {item.silence === null ? (
        <div class="attention__tools">
          <SilenceButton item={item} action="muted" onAsk={onAsk} />
          <SilenceButton item={item} action="expected" onAsk={onAsk} />
        </div>
      ) : (
        <Silence id={item.id} silence={item.silence} />
      )}
    </article>
  );
}

const SILENCE_RIGHT = 'update agents/silence';

interface SilenceButtonProps extends ItemProps {
  readonly action: SilenceRequest['action'];
}

function SilenceButton({ item, action, onAsk }: SilenceButtonProps) {
  const namespace = (item.agents[0] ?? item.subject)?.namespace;
  const isAllowed = useRight(SILENCE_RIGHT, namespace) !== false;
  return (
    <RightButton
      right={SILENCE_RIGHT}
      namespace={namespace}
      isAllowed={isAllowed}
      title={say(action === 'muted' ? ATTENTION.mute : ATTENTION.expect)}
      about={visible(item.title)}
      icon={action === 'muted' ? 'bell-off' : 'check'}
      look="button--small button--quiet"
      onPress={() => onAsk(action)}
    />
  );
}

export function Causes({ causes }: { readonly causes: AttentionItem['causes'] }) {
  if (causes.length === 0) return null;
  return (
    <ol class="causes" aria-label={say(ATTENTION.causes)}>
      {causes.map((cause, at) => (
        <li key={`${cause.cause} ${at}`} class={at === 0 ? 'causes__first' : undefined}>
          <Sentence value={cause.sentence} />
          {cause.atMicroseconds === null ? null : (
            <span class="faint small">
              {' '}
              <Time at={cause.atMicroseconds} />
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}

function Touched({ item }: { readonly item: AttentionItem }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? item.agents : item.agents.slice(0, AGENTS_SHOWN);
  return (
    <div class="row small">
      {item.subject === null ? null : <Subject item={item} subject={item.subject} />}
      {shown.map((agent) => (
        <span class="chip" key={`${agent.namespace}/${agent.name}`}>
          <AgentLink {...agent} />
        </span>
      ))}
      {item.agents.length === 0 && item.subject === null ? (
        <span class="faint">{say(ATTENTION.platform)}</span>
      ) : null}
      {shown.length < item.agents.length ? (
        <button type="button" class="button button--small button--bare" onClick={() => setIsWhole(true)}>
          {say(ATTENTION.showAgents, { count: item.agents.length })}
        </button>
      ) : null}
      {item.runs.length === 0 ? null : (
        <span class="row">
          <span class="faint">{say(ATTENTION.someRuns)}</span>
          {item.runs.slice(0, 3).map((run) => (
            <RunLink key={run.id} {...run} />
          ))}
        </span>
      )}
    </div>
  );
}

interface SubjectProps {
  readonly item: AttentionItem;
  readonly subject: NonNullable<AttentionItem['subject']>;
}

function Subject({ item, subject }: SubjectProps) {
  if (item.kind === 'rollout') {
    return (
      <span class="chip">
        <Icon name="git-branch" />
        <RolloutLink {...subject} />
      </span>
    );
  }
  return (
    <span class="chip">
      <Icon name={KIND_ICONS[item.kind]} />
      <a class="link" href="/models">
        <Text value={subject.name} />
      </a>
    </span>
  );
}

interface SilenceProps {
  readonly id: string;
  readonly silence: NonNullable<AttentionItem['silence']>;
}

function Silence({ id, silence }: SilenceProps) {
  const [isBusy, setIsBusy] = useState(false);
  const end = async (): Promise<void> => {
    setIsBusy(true);
    // Whatever came of it, the list says it.
    await request(`/v1/attention${pathOf(id)}/silence`, { method: 'DELETE' }).catch(() => undefined);
    askAgain('/v1/now');
    setIsBusy(false);
  };
  return (
    <div class="attention__silence small">
      <p>
        <Icon name={silence.action === 'muted' ? 'bell-off' : 'check'} />{' '}
        {say(silence.action === 'muted' ? ATTENTION.muted : ATTENTION.expected)}{' '}
        {say(GENERAL.until, { time: '' })}
        <Time at={silence.untilMicroseconds} as="clock" />
      </p>
      <p class="faint">
        <Text value={say(ATTENTION.silencedBy, { who: silence.by, reason: silence.reason })} />
      </p>
      <button type="button" class="button button--small" aria-disabled={isBusy} onClick={() => void end()}>
        {say(ATTENTION.endSilence)}
      </button>
    </div>
  );
}
