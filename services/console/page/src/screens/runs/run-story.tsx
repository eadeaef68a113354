import { useState } from 'preact/hooks';
import type { TextReference } from '#domain/ledger/record-fields.ts';
import type { RunEntry, TextsAnswer } from '#services/console/api/answers.ts';
import { Duration, Money } from '../../parts/amounts.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Time } from '../../parts/time.tsx';
import { pathOf } from '../../server/paths.ts';
import { Sentence, Text } from '../../text/text.tsx';
import { GENERAL } from '../../words/general-words.ts';
import { say, sayCount } from '../../words/say.ts';
import { wordsOf } from './entry-words.tsx';
import { storySteps, toldOf, type StoryStep, type ToldEntry } from './run-steps.ts';
import { RUN } from './runs-words.ts';
import { VerifyButton } from './verify-dialog.tsx';

/** By `recordId field`. */
export type RevealedTexts = ReadonlyMap<string, TextsAnswer['texts'][number]>;

const TEXT_SHOWN_CHARACTERS = 1200;

interface RunStoryProps {
  readonly runId: string;
  readonly namespace: string;
  readonly entries: readonly RunEntry[];
  readonly texts: RevealedTexts | undefined;
  readonly isFailures?: boolean;
}

export function RunStory({ entries, isFailures = false, ...rest }: RunStoryProps) {
  if (isFailures) {
    return (
      <ol class="story">
        {entries.map(toldOf).map((told) => (
          <Told key={told.entry.position} told={told} {...rest} hasStep />
        ))}
      </ol>
    );
  }
  return (
    <ol class="story">
      {storySteps(entries).map((step) => (
        <li key={step.entries[0]?.entry.position} class={`step ${step.isWrong ? 'step--wrong' : ''}`}>
          {step.number === undefined ? null : <StepHead step={step} number={step.number} />}
          <ol>
            {step.entries.map((told) => (
              <Told key={told.entry.position} told={told} {...rest} />
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}

function StepHead({ step, number }: { readonly step: StoryStep; readonly number: number }) {
  return (
    <h3 class="step__head">
      {say(RUN.step, { number })}
      {step.costNanoUsd === undefined ? null : (
        <span class="step__cost">
          <Money value={step.costNanoUsd} />
        </span>
      )}
    </h3>
  );
}

interface ToldProps extends Omit<RunStoryProps, 'entries' | 'isFailures'> {
  readonly told: ToldEntry;
  /** Says of which step it is. */
  readonly hasStep?: boolean;
}

function Told({ told, runId, namespace, texts, hasStep = false }: ToldProps) {
  const { entry, record } = told;
  const words = wordsOf(record);
  const step = 'run' in record ? record.run?.step : undefined;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li class={`told told--${record.type} tone--${words.tone}`}>
      <div class="told__head">
        <span class="told__kind">{say(words.kind)}</span>
        <span class="told__what">
          {words.what}
          {hasStep && step !== undefined ? (
            <span class="faint small"> {say(RUN.step, { number: step })}</span>
          ) : null}
        </span>
        <span class="told__end small faint">
          {words.durationMicroseconds === undefined ? null : <Duration value={words.durationMicroseconds} />}
          <Time at={record.atMicroseconds} as="clock" />
          <button
            type="button"
            class="told__open"
            aria-expanded={isOpen}
            aria-label={say(RUN.showRecord, { position: entry.position })}
            onClick={() => setIsOpen(!isOpen)}
          >
            <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
          </button>
        </span>
      </div>
      {words.sentence === undefined ? null : (
        <p class="told__sentence">
          <Sentence value={words.sentence} />
        </p>
      )}
      {words.texts.map(([field, reference]) => (
        <TextOf key={field} field={field} reference={reference} told={told} texts={texts} />
      ))}
      {isOpen ? <Raw entry={entry} runId={runId} namespace={namespace} recordId={record.id} /> : null}
    </li>
  );
}

interface RawProps {
  readonly entry: RunEntry;
  readonly runId: string;
  readonly namespace: string;
  readonly recordId: string;
}

/** The record as it is hashed, and what proves it. */
function Raw({ entry, runId, namespace, recordId }: RawProps) {
  return (
    <div class="stack stack--tight told__raw">
      <p class="row">
        <span class="small faint">{say(RUN.copyPosition, { position: entry.position })}</span>
        <VerifyButton runId={runId} namespace={namespace} recordId={recordId} title={say(RUN.verify)} />
        <a class="button button--small" href={`/v1/records${pathOf(namespace, recordId)}/evidence`} download>
          <Icon name="download" />
          {say(RUN.evidence)}
        </a>
      </p>
      <pre class="raw" tabIndex={0}>
        <Text value={JSON.stringify(entry.record, undefined, 2)} />
      </pre>
    </div>
  );
}

interface TextOfProps {
  readonly field: string;
  readonly reference: TextReference;
  readonly told: ToldEntry;
  readonly texts: RevealedTexts | undefined;
}

/** The text where it was revealed; else how long it is, and whether it is kept. */
function TextOf({ field, reference, told: { entry, record }, texts }: TextOfProps) {
  const revealed = texts?.get(`${record.id} ${field}`);
  const size = sayCount(RUN.characters, reference.characters);
  if (revealed?.text !== undefined) return <LongText text={revealed.text} />;
  if (revealed?.lost !== undefined) {
    return <p class="small faint">{say(RUN.lost, { reason: revealed.lost })}</p>;
  }
  return <p class="small faint">{say(entry.texts.includes(field) ? RUN.kept : RUN.notKept, { size })}</p>;
}

function LongText({ text }: { readonly text: string }) {
  const [isWhole, setIsWhole] = useState(false);
  const isLong = text.length > TEXT_SHOWN_CHARACTERS && !isWhole;
  return (
    <div class="words">
      <Text value={isLong ? `${text.slice(0, TEXT_SHOWN_CHARACTERS)}\u2026` : text} />
      {isLong ? (
        <button type="button" class="button button--small button--bare" onClick={() => setIsWhole(true)}>
          {say(RUN.whole)} <span class="hidden-but-read">{say(GENERAL.more, { count: text.length })}</span>
        </button>
      ) : null}
    </div>
  );
}
