/** One run with a step for each hostile text, told by its agent with the texts kept: thoughts, tools, arguments, results, reasons. */
import { commitTo } from '#domain/ledger/commitment.ts';
import type { LedgerRecord, RecordSource } from '#domain/ledger/ledger-record.ts';
import type { TextReference } from '#domain/ledger/record-fields.ts';
import type { RecordText, TextField } from '#domain/ledger/record-text.ts';
import { HOSTILE_NAMESPACE, hostileAgentName } from './hostile-objects.ts';
import { HOSTILE_TEXTS, type HostileText } from './hostile-texts.ts';

export const HOSTILE_AGENT = hostileAgentName({ number: 0, group: 'markup' });
export const HOSTILE_RUN = 'hostile-run';

const COMMITMENT_KEY = '5a'.repeat(16);
const RETENTION_DAYS = 30;
const NAME_MAXIMUM = 256;
const SENTENCE_MAXIMUM = 2_048;
const STEP_MICROSECONDS = 1_000_000;
/** One request holds so many texts at most. */
const STEPS_OF_BATCH = 40;

export interface ToldToLedger {
  readonly records: readonly LedgerRecord[];
  readonly texts: readonly RecordText[];
}

interface Common {
  readonly id: string;
  readonly namespace: string;
  readonly atMicroseconds: number;
  readonly source: RecordSource;
  readonly run: { readonly id: string; readonly step?: number };
  readonly agent: { readonly name: string };
}

/** Tells the records of the run one after the other. */
class HostileRun {
  readonly #beginsAt: number;
  #told = 0;
  #records: LedgerRecord[] = [];
  #texts: RecordText[] = [];

  constructor(endMicroseconds: number) {
    this.#beginsAt = endMicroseconds - (HOSTILE_TEXTS.length + 2) * STEP_MICROSECONDS;
  }

  taken(): ToldToLedger {
    const told = { records: this.#records, texts: this.#texts };
    [this.#records, this.#texts] = [[], []];
    return told;
  }

  begin(): void {
    const common = this.#common(0);
    this.#keep(common, 'commitment_key', COMMITMENT_KEY);
    this.#records.push({
      ...common,
      type: 'run_begun',
      content: 'Full',
      contentRetentionDays: RETENTION_DAYS,
      input: this.#keep(common, 'input', HOSTILE_TEXTS[0]?.text ?? ''),
      tools: HOSTILE_TEXTS.slice(0, 64).map(({ text }) => nameOf(text)),
      limits: { steps: HOSTILE_TEXTS.length, seconds: 3_600 },
    });
  }

  step({ number, text }: HostileText): void {
    const step = number + 1;
    const tool = nameOf(text);
    const sentence = beginning(text, SENTENCE_MAXIMUM);
    const call = { callId: `${HOSTILE_RUN}.c${step}`, tool };
    const [cycle, intent, result] = [this.#common(step), this.#common(step), this.#common(step)];
    this.#records.push(
      {
        ...cycle,
        type: 'cycle',
        phase: 'action',
        outcome: 'ok',
        requestId: requestIdOf(step),
        model: tool,
        sent: this.#keep(cycle, 'sent', text),
        answer: this.#keep(cycle, 'answer', text),
        toolCalls: 1,
        durationMicroseconds: 400_000,
      },
      {
        ...intent,
        type: 'tool_intent',
        ...call,
        effect: 'none',
        arguments: this.#keep(intent, 'arguments', text),
      },
      {
        ...result,
        type: 'tool_result',
        ...call,
        outcome: number % 7 === 0 ? 'failed' : 'ok',
        result: this.#keep(result, 'result', text),
        durationMicroseconds: 20_000,
      },
      {
        ...this.#common(step),
        type: 'security_event',
        event: 'unknown_tool_called',
        severity: 'low',
        action: 'blocked',
        owasp: ['LLM06'],
        subject: tool,
        sentence,
      },
      {
        ...this.#common(step),
        type: 'policy_decision',
        policy: 'tools',
        verdict: 'denied',
        reason: 'not_allowed',
        subject: tool,
        sentence,
      },
    );
  }

  end(): void {
    const common = this.#common(HOSTILE_TEXTS.length + 1);
    this.#records.push({
      ...common,
      run: { id: HOSTILE_RUN },
      type: 'run_ended',
      status: 'succeeded',
      steps: HOSTILE_TEXTS.length,
      repairs: 0,
      costNanoUsd: 1_000_000,
      models: HOSTILE_TEXTS.slice(0, 64).map(({ text }) => nameOf(text)),
      output: this.#keep(common, 'output', HOSTILE_TEXTS[1]?.text ?? ''),
      firstAnswerFits: 'yes',
      durationMicroseconds: HOSTILE_TEXTS.length * STEP_MICROSECONDS,
      records: this.#told,
    });
  }

  #common(step: number): Common {
    this.#told += 1;
    return {
      id: `${HOSTILE_RUN}.${this.#told}`,
      namespace: HOSTILE_NAMESPACE,
      atMicroseconds: this.#beginsAt + step * STEP_MICROSECONDS,
      source: {
        process: 'agent-runtime',
        instance: `agent-${HOSTILE_AGENT}-0`,
        boot: 'boot-of-mischief',
        sequence: this.#told,
      },
      run: { id: HOSTILE_RUN, ...(step > 0 && { step }) },
      agent: { name: HOSTILE_AGENT },
    };
  }

  #keep({ id }: Common, field: TextField, text: string): TextReference {
    this.#texts.push({ recordId: id, field, text, retentionDays: RETENTION_DAYS });
    return commitTo(text, COMMITMENT_KEY);
  }
}

/** In the order of telling, each small enough for one request. */
export function hostileRun(endMicroseconds: number): readonly ToldToLedger[] {
  const run = new HostileRun(endMicroseconds);
  const batches: ToldToLedger[] = [];
  run.begin();
  for (const hostile of HOSTILE_TEXTS) {
    run.step(hostile);
    if (hostile.number % STEPS_OF_BATCH === 0) batches.push(run.taken());
  }
  run.end();
  return [...batches, run.taken()];
}

/** The router's: what a provider calls the model that answered is the provider's word. */
export function hostileAttempts(nowMicroseconds: number): ToldToLedger {
  const records = HOSTILE_TEXTS.map(({ number, text }): LedgerRecord => {
    const requestId = requestIdOf(number + 1);
    return {
      id: `${requestId}:1`,
      namespace: HOSTILE_NAMESPACE,
      atMicroseconds: nowMicroseconds,
      source: {
        process: 'router',
        instance: 'router-of-mischief',
        boot: 'boot-of-mischief',
        sequence: number + 1,
      },
      type: 'model_attempt',
      run: { id: HOSTILE_RUN, step: number + 1 },
      agent: { name: HOSTILE_AGENT },
      requestId,
      attempt: 1,
      operation: 'chat',
      model: 'javascript-0',
      provider: 'openai',
      providerModel: nameOf(text),
      modelServed: nameOf(text),
      outcome: 'answered',
      usageSource: 'provider',
      tokens: { input: 10, cachedInput: 0, cacheWrite: 0, output: 5 },
      costNanoUsd: 1_000,
      durationMicroseconds: 390_000,
    };
  });
  return { records, texts: [] };
}

function requestIdOf(step: number): string {
  return `${HOSTILE_RUN}.q${step}`;
}

function nameOf(text: string): string {
  return beginning(text, NAME_MAXIMUM) || ' ';
}

function beginning(text: string, maximum: number): string {
  return text.length <= maximum ? text : text.slice(0, maximum - 1).toWellFormed();
}
