/** The models: whether they answer, how fast, at which price. Keys by name: a value never comes here. */
import type { ModelsAnswer } from '#services/console/api/answers.ts';
import { useTitle } from '../../app/title.ts';
import { Count, Duration, Money, Share } from '../../parts/amounts.tsx';
import { Answered, Empty } from '../../parts/answered.tsx';
import { Badge } from '../../parts/badge.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { CONDITION_TONES } from '../../parts/tone.ts';
import { askAgain } from '../../server/answers.ts';
import { useAnswer } from '../../server/use-answer.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { STATUSES } from '../../words/general-words.ts';
import { say } from '../../words/say.ts';
import { MODELS } from './models-words.ts';

const PATH = '/v1/models';
type Model = ModelsAnswer['models'][number];

export function ModelsView() {
  useTitle(say(MODELS.title));
  const answer = useAnswer<ModelsAnswer>(PATH, ['models'], 2000);
  return (
    <section class="panel" aria-label={say(MODELS.title)}>
      <Answered answer={answer} onRetry={() => askAgain(PATH)} lines={8}>
        {({ models }) =>
          models.length === 0 ? (
            <Empty icon="cpu" title={say(MODELS.none)}>
              {say(MODELS.noneHint)}
            </Empty>
          ) : (
            <ModelsTable models={models} />
          )
        }
      </Answered>
    </section>
  );
}

function ModelsTable({ models }: ModelsAnswer) {
  return (
    <DataTable
      label={say(MODELS.title)}
      rows={models}
      keyOf={({ namespace, name }) => `${namespace}/${name}`}
      columns={[
        { title: say(MODELS.model), cell: (model) => <Name model={model} /> },
        { title: say(MODELS.health), cell: (model) => <Health model={model} /> },
        { title: say(MODELS.attempts), isNumber: true, cell: ({ attempts }) => <Count value={attempts} /> },
        { title: say(MODELS.failed), isNumber: true, cell: (model) => <Share value={failedShare(model)} /> },
        {
          title: say(MODELS.latency),
          isNumber: true,
          cell: ({ medianMicroseconds, p95Microseconds }) => (
            <>
              <Duration value={medianMicroseconds} /> / <Duration value={p95Microseconds} />
            </>
          ),
        },
        {
          title: say(MODELS.price),
          isNumber: true,
          cell: ({ inputPrice, outputPrice }) => (
            <>
              <Money value={inputPrice} /> / <Money value={outputPrice} />
            </>
          ),
        },
        {
          title: say(MODELS.key),
          cell: ({ key }) =>
            key === null ? (
              <span class="faint">{say(MODELS.noKey)}</span>
            ) : (
              <code>
                <Text value={key} />
              </code>
            ),
        },
        {
          title: say(MODELS.served),
          cell: ({ served }) => (
            <code class="small">
              <Text value={served.length === 0 ? '\u2013' : served.join('\n')} />
            </code>
          ),
        },
      ]}
    />
  );
}

/** Without attempts there is no share. */
function failedShare({ attempts, failedAttempts }: Model): number | null {
  return attempts === null || failedAttempts === null || attempts === 0 ? null : failedAttempts / attempts;
}

function Name({ model: { namespace, name, provider, providerModel, endpoint } }: { readonly model: Model }) {
  return (
    <>
      <strong>
        <Text value={name} />
      </strong>{' '}
      <span class="small faint">{namespace}</span>
      <span class="block small faint">
        <Text value={`${provider} · ${providerModel}`} />
      </span>
      <span class="block small faint">
        <Text value={endpoint} />
      </span>
    </>
  );
}

function Health({ model: { isReady, sentence } }: { readonly model: Model }) {
  const words = { True: MODELS.ready, False: MODELS.notReady, Unknown: STATUSES.Unknown };
  return (
    <>
      <Badge tone={CONDITION_TONES[isReady]}>{say(words[isReady])}</Badge>
      {isReady === 'True' ? null : (
        <span class="block small soft">
          <Sentence value={sentence} />
        </span>
      )}
    </>
  );
}
