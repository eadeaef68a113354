import { expect, test } from 'vitest';
import { AttentionItem } from '../observation/attention-item.ts';
import { type FoundCause, attentionQueue, causeId } from './attention-queue.ts';

const found = (rest: Partial<FoundCause> = {}): FoundCause => ({
  id: 'cost/shop/mailer',
  kind: 'cost',
  urgency: 'ticket',
  agents: [{ namespace: 'shop', name: 'mailer' }],
  subject: null,
  title: 'mailer costs more than is usual',
  titleOfMany: 'agents cost more than is usual',
  why: '$5 this hour',
  causes: [],
  runs: [],
  sinceMicroseconds: 100,
  weight: 1,
  ...rest,
});
const never = (): undefined => undefined;

test('Three hundred agents under one cause are one item with all of them, woken for once', () => {
  const causes = Array.from({ length: 300 }, (_, index) =>
    found({
      id: 'cost/price/OpenAI/gpt',
      agents: [{ namespace: `shop-${index % 3}`, name: `agent-${index}` }],
      sinceMicroseconds: 1000 - index,
      weight: index,
      pageWeight: 40_000,
    }),
  );
  const [item, ...rest] = attentionQueue(causes, never);
  expect(rest).toEqual([]);
  expect(item).toMatchObject({ id: 'cost/price/OpenAI/gpt', urgency: 'page', sinceMicroseconds: 701 });
  expect(item?.title).toBe('300 agents cost more than is usual');
  expect(item?.agents).toHaveLength(300);
  expect(item?.agents[0]).toEqual({ namespace: 'shop-2', name: 'agent-299' });
  expect(AttentionItem.parse(item)).toEqual(item);
});

test('What wakes somebody goes before what is for today, the heavier first, and what is silenced last', () => {
  const silence = { action: 'muted', by: 'ana', reason: 'known', untilMicroseconds: 5 } as const;
  const queue = attentionQueue(
    [
      found({ id: 'notice', urgency: 'notice' }),
      found({ id: 'light', weight: 1 }),
      found({ id: 'silenced', urgency: 'page' }),
      found({ id: 'heavy', weight: 9 }),
      found({ id: 'page', urgency: 'page' }),
    ],
    (id) => (id === 'silenced' ? silence : undefined),
  );
  expect(queue.map(({ id }) => id)).toEqual(['page', 'heavy', 'light', 'notice', 'silenced']);
  expect(queue.at(-1)?.silence).toEqual(silence);
});

test('An id is never too long, and differs where the parts do', () => {
  const long = 'm'.repeat(300);
  const one = causeId('drift', long, 'a');
  expect(one.length).toBeLessThanOrEqual(200);
  expect(one).toBe(causeId('drift', long, 'a'));
  expect(one).not.toBe(causeId('drift', long, 'b'));
});
