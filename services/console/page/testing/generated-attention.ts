import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const MINUTE = 60_000_000;
const DAY = 1440 * MINUTE;

export function generateAttention(rows: readonly AgentRow[], now: number): AttentionItem[] {
  const at = (index: number): AgentRow => rows[index] as AgentRow;
  const of = ({ namespace, name }: AgentRow) => ({ namespace, name });
  const item = (
    fields: Partial<AttentionItem> & Pick<AttentionItem, 'id' | 'kind' | 'title' | 'why'>,
  ): AttentionItem => ({
    urgency: 'ticket',
    agents: [],
    subject: null,
    causes: [],
    runs: [],
    sinceMicroseconds: now - 47 * MINUTE,
    silence: null,
    ...fields,
  });
  return [
    item({
      id: 'cost/price/gpt-large',
      kind: 'cost',
      urgency: 'page',
      title: `${at(3).name} costs 3.1 times the usual`,
      why: at(3).cost.sentence,
      agents: [of(at(3))],
      causes: [
        {
          cause: 'price',
          sentence:
            'The price of Model gpt-large was changed from $2.50 to $7.50 a million tokens at 10:47; that is +$21.40 of the +$23.12.',
          atMicroseconds: now - 141 * MINUTE,
        },
        { cause: 'tokens', sentence: 'Tokens a call grew by 6 %: +$1.72.', atMicroseconds: null },
      ],
      runs: [{ namespace: at(3).namespace, id: 'run-0198c1f2-7a21-7e55-9a7b-000000000001' }],
    }),
    item({
      id: 'security/injection/mail',
      kind: 'security',
      urgency: 'page',
      title: '50 injection attempts from one source in the last hour',
      why: 'All 50 came from mail of billing@invoice-help.example; the quarantined reader stopped them: 50 blocked, 0 passed.',
      agents: [of(at(101))],
      sinceMicroseconds: now - 58 * MINUTE,
      runs: [
        { namespace: at(101).namespace, id: 'run-0198c1f2-7a21-7e55-9a7b-000000000002' },
        { namespace: at(101).namespace, id: 'run-0198c1f2-7a21-7e55-9a7b-000000000003' },
      ],
    }),
    item({
      id: 'drift/served-model/claude-medium',
      kind: 'drift',
      title: 'Answers fit their schema less often, though nothing of ours changed',
      why: '8.1 % of first answers do not fit; usual is 1.2 %. Score 14.2 against a threshold of 9.8.',
      agents: rows.slice(42, 54).map(of),
      causes: [
        {
          cause: 'served_model',
          sentence:
            'claude-medium has answered as claude-medium-20261120 since 09:12; before it was claude-medium-20260930.',
          atMicroseconds: now - 236 * MINUTE,
        },
        { cause: 'input', sentence: 'Inputs are as long as they were: not the cause.', atMicroseconds: null },
      ],
      sinceMicroseconds: now - 180 * MINUTE,
    }),
    item({
      id: 'latency/gemini-fast',
      kind: 'latency',
      title: `${at(17).name} takes 6 times as long as usual`,
      why: at(17).latency.sentence,
      agents: [of(at(17))],
      causes: [
        {
          cause: 'model',
          sentence: 'Attempts at gemini-fast take 2.9 s instead of 0.4 s.',
          atMicroseconds: now - 90 * MINUTE,
        },
      ],
    }),
    item({
      id: 'rollout/support/email-prompt',
      kind: 'rollout',
      title: 'email-prompt waits for approval',
      why: 'The candidate is not worse at 25 %: 812 of 820 good, stable 2,391 of 2,430.',
      subject: { namespace: 'support', name: 'email-prompt' },
      sinceMicroseconds: now - 22 * MINUTE,
    }),
    item({
      id: 'agent/stalled',
      kind: 'agent',
      urgency: 'ticket',
      title: `${at(77).name} is stalled`,
      why: at(77).stateSentence,
      agents: [of(at(77))],
      sinceMicroseconds: now - 400 * MINUTE,
    }),
    item({
      id: 'probe/hostile',
      kind: 'probe',
      urgency: 'notice',
      title: HOSTILE_TEXTS[0],
      why: `${HOSTILE_TEXTS[3]} ${HOSTILE_TEXTS[5]} ${HOSTILE_TEXTS[11]}`,
      agents: [of(at(205))],
      sinceMicroseconds: now - 2 * DAY,
    }),
    item({
      id: 'cost/campaign',
      kind: 'cost',
      title: `${at(9).name} costs 2.2 times the usual`,
      why: at(9).cost.sentence,
      agents: [of(at(9))],
      silence: {
        action: 'expected',
        by: 'ana.ruiz@example.com',
        reason: 'Autumn campaign: twice the mail until Friday.',
        untilMicroseconds: now + DAY,
      },
    }),
  ];
}
