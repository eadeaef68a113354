import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import { type NextNotification, nextNotification, tried } from './next-notification.ts';
import type { ReceiverPolicy } from './receiver-policy.ts';
import { HOUR, MINUTE, POLICY, SECOND, START, agents, attentionItem } from './testing/attention-items.ts';
import { NOTHING_TOLD, ToldCauses } from './told-causes.ts';

/** A receiver that takes everything at once, and its memory. */
class Told {
  told: ToldCauses = NOTHING_TOLD;
  readonly policy: ReceiverPolicy;
  now = START;
  items: readonly AttentionItem[] = [];

  constructor(policy: Partial<ReceiverPolicy> = {}) {
    this.policy = { ...POLICY, ...policy };
  }

  decide(): NextNotification | undefined {
    const { told, next } = nextNotification({ ...this.#input, told: this.told });
    this.told = told;
    return next;
  }

  get wakeMicroseconds(): number | undefined {
    return nextNotification({ ...this.#input, told: this.told }).wakeMicroseconds;
  }

  get #input() {
    return { items: this.items, policy: this.policy, nowMicroseconds: this.now, setAside: new Map() };
  }

  /** All that is told until then, each as `[MINUTES] EVENT: TITLE (AGENTS)`. */
  until(microseconds: number, items?: readonly AttentionItem[]): readonly string[] {
    if (items !== undefined) this.items = items;
    return Array.from(this.messagesUntil(microseconds), (next) => this.#said(next));
  }

  /** Woken when it wants to be, and read from what it kept after each message. */
  *messagesUntil(microseconds: number): Generator<NextNotification> {
    while (this.now <= microseconds) {
      const next = this.decide();
      if (next === undefined) {
        const wake = this.wakeMicroseconds;
        if (wake === undefined || wake > microseconds) break;
        if (wake <= this.now) throw new Error('It wants to be woken now, and for nothing.');
        this.now = wake;
      } else {
        this.told = ToldCauses.parse(JSON.parse(JSON.stringify(next.toldAfter)));
        yield next;
      }
    }
    this.now = microseconds;
  }

  #said({ notification }: NextNotification): string {
    const minutes = Math.round(((notification.atMicroseconds - START) / MINUTE) * 10) / 10;
    return notification.event === 'more'
      ? `[${minutes}] more: ${notification.total}`
      : `[${minutes}] ${notification.event}: ${notification.item.title} (${notification.item.agents.length})`;
  }
}

const TITLE = 'Agents cost far more than usual';

describe('a cause', () => {
  it('is told once, with all agents that it touched within the time of grouping', () => {
    const receiver = new Told();
    const heard = [1, 4, 9].flatMap((count, index) =>
      receiver.until(START + index * 10 * SECOND, [attentionItem({ agents: agents(count) })]),
    );
    expect(heard).toEqual([]);
    expect(receiver.until(START + 3 * HOUR)).toEqual([`[0.5] began: ${TITLE} (9)`]);
  });

  it('is told though a clock that was once ahead has filled the hour of another century', () => {
    const receiver = new Told({ maximumPerHour: 2 });
    const ahead = START + 70 * 365 * 24 * HOUR;
    receiver.told = { ...NOTHING_TOLD, sent: { page: [ahead, ahead], other: [ahead, ahead] } };
    expect(receiver.until(START + HOUR, [attentionItem({})]).length).toBeGreaterThan(0);
  });

  it('that is gone before it was told is not told', () => {
    const receiver = new Told();
    receiver.until(START + 10 * SECOND, [attentionItem()]);
    expect(receiver.until(START + 5 * HOUR, [])).toEqual([]);
    expect(receiver.told.causes).toEqual([]);
  });

  it('that touches more agents is told again, no sooner than the time between updates', () => {
    const receiver = new Told();
    receiver.until(START + MINUTE, [attentionItem({ agents: agents(1) })]);
    receiver.until(START + 2 * MINUTE, [attentionItem({ agents: agents(3) })]);
    expect(receiver.until(START + HOUR, [attentionItem({ agents: agents(7) })])).toEqual([
      `[15.5] changed: ${TITLE} (7)`,
    ]);
  });

  it('whose numbers change, and whose agents become fewer, is not told again', () => {
    const receiver = new Told();
    receiver.until(START + MINUTE, [attentionItem({ agents: agents(5) })]);
    const heard = [4, 3, 2].flatMap((count, index) =>
      receiver.until(START + (index + 1) * HOUR, [
        attentionItem({ agents: agents(count), why: `$${count}00 this hour.` }),
      ]),
    );
    expect(heard).toEqual([]);
  });

  it('for which another likely cause is found is told again, and not when it is the first one again', () => {
    const likely = (name: string) =>
      attentionItem({ causes: [{ cause: name, sentence: 'So it seems.', atMicroseconds: null }] });
    const receiver = new Told();
    receiver.until(START + MINUTE, [likely('prompt_changed')]);
    expect(receiver.until(START + HOUR, [likely('served_model_changed')])).toEqual([
      `[15.5] changed: ${TITLE} (1)`,
    ]);
    expect(receiver.until(START + 2 * HOUR, [likely('prompt_changed')])).toEqual([]);
    expect(receiver.until(START + 3 * HOUR, [attentionItem()])).toEqual([]);
  });

  it('that becomes a page is told at once', () => {
    const receiver = new Told();
    expect(receiver.until(START + MINUTE, [attentionItem({ urgency: 'ticket' })])).toHaveLength(1);
    expect(receiver.until(START + 2 * MINUTE, [attentionItem({ urgency: 'page' })])).toEqual([
      `[1] changed: ${TITLE} (1)`,
    ]);
  });

  it('that lasts is recalled: a page every four hours, a ticket once a day, a notice never', () => {
    const recalled = (urgency: AttentionItem['urgency']) =>
      new Told({ urgencies: ['page', 'ticket', 'notice'] })
        .until(START + 24.1 * HOUR, [attentionItem({ urgency })])
        .map((said) => said.split(':')[0]);
    expect(recalled('page')).toHaveLength(7);
    expect(recalled('page')[1]).toBe('[240.5] reminder');
    expect(recalled('ticket')).toEqual(['[0.5] began', '[1440.5] reminder']);
    expect(recalled('notice')).toEqual(['[0.5] began']);
  });

  it('that is over is told to be over once, after it has been away for a while', () => {
    const receiver = new Told();
    receiver.until(START + MINUTE, [attentionItem()]);
    receiver.until(START + 2 * MINUTE, []);
    // It comes back, and nobody is told twice.
    expect(receiver.until(START + 3 * MINUTE, [attentionItem()])).toEqual([]);
    expect(receiver.until(START + 9 * HOUR, [])).toEqual([`[5] resolved: ${TITLE} (1)`]);
    expect(receiver.told.causes).toEqual([]);
  });

  it('that is over and begins again is a new one, with an id of its own', () => {
    const receiver = new Told();
    receiver.items = [attentionItem()];
    receiver.now = START + MINUTE;
    receiver.decide();
    receiver.now += MINUTE;
    const first = receiver.decide();
    receiver.until(START + 10 * MINUTE, []);
    receiver.items = [attentionItem({ sinceMicroseconds: START + 11 * MINUTE })];
    receiver.now = START + 12 * MINUTE;
    receiver.decide();
    receiver.now += MINUTE;
    const second = receiver.decide();
    expect([first?.notification.event, second?.notification.event]).toEqual(['began', 'began']);
    expect(first?.notification.id).not.toBe(second?.notification.id);
  });
});

describe('silence', () => {
  const silence = (action: 'muted' | 'expected', hours: number) => ({
    action,
    by: 'ana@example.com',
    reason: 'Campaign of this week.',
    untilMicroseconds: START + hours * HOUR,
  });

  it('keeps a cause from being told until it ends, whatever changes', () => {
    for (const action of ['muted', 'expected'] as const) {
      const receiver = new Told();
      receiver.until(START + HOUR, [attentionItem({ silence: silence(action, 2) })]);
      const later = attentionItem({ silence: silence(action, 2), agents: agents(9) });
      expect(receiver.until(START + 3 * HOUR, [later])).toEqual([`[120] began: ${TITLE} (9)`]);
    }
  });

  it('ends reminders of what was told, and leaves the word that it is over', () => {
    const receiver = new Told();
    receiver.until(START + MINUTE, [attentionItem()]);
    const muted = attentionItem({ silence: silence('muted', 12), agents: agents(9) });
    expect(receiver.until(START + 11 * HOUR, [muted])).toEqual([]);
    expect(receiver.until(START + 11.5 * HOUR, [])).toEqual([`[662] resolved: ${TITLE} (9)`]);
  });
});

describe('a receiver', () => {
  it('hears of its urgencies alone, and of a cause that it was told of to its end', () => {
    const receiver = new Told({ urgencies: ['page'] });
    expect(receiver.until(START + HOUR, [attentionItem({ urgency: 'ticket' })])).toEqual([]);
    expect(receiver.until(START + 2 * HOUR, [attentionItem({ urgency: 'page' })])).toHaveLength(1);
    expect(receiver.until(START + 3 * HOUR, [attentionItem({ urgency: 'ticket' })])).toEqual([]);
    expect(receiver.until(START + 4 * HOUR, [])).toEqual([`[182] resolved: ${TITLE} (1)`]);
  });

  it('hears of its kinds and namespaces alone, and no name of another', () => {
    const receiver = new Told({ kinds: ['cost'], namespaces: ['shop'], groupSeconds: 0 });
    receiver.items = [
      attentionItem({ id: 'a', kind: 'drift' }),
      attentionItem({ id: 'b', agents: agents(2, 'bank') }),
      attentionItem({ id: 'c', agents: [] }),
      attentionItem({
        id: 'd',
        agents: [...agents(2, 'bank'), ...agents(1, 'shop')],
        subject: { namespace: 'bank', name: 'large' },
        runs: [
          { namespace: 'bank', id: 'r1' },
          { namespace: 'shop', id: 'r2' },
        ],
      }),
    ];
    const told = receiver.decide();
    expect(told?.causeIds).toEqual(['d']);
    expect(JSON.stringify(told)).not.toContain('bank');
    expect(JSON.stringify(told)).toContain('r2');
  });

  it('gets at most so many messages in an hour, of which the last says how many more there are', () => {
    const receiver = new Told({ maximumPerHour: 5 });
    const many = Array.from({ length: 12 }, (_, index) =>
      attentionItem({ id: `cause-${index}`, title: `Cause ${index}` }),
    );
    const heard = receiver.until(START + 59 * MINUTE, many);
    expect(heard).toHaveLength(5);
    expect(heard.at(-1)).toBe('[0.5] more: 8');
    // All of them were told, so that nothing is left for the next hour.
    expect(receiver.until(START + 3 * HOUR)).toEqual([]);
    expect(receiver.until(START + 4 * HOUR, [])).toHaveLength(5);
  });

  it('gets a page though tickets have used up their room', () => {
    const receiver = new Told({ maximumPerHour: 2 });
    const tickets = Array.from({ length: 9 }, (_, index) =>
      attentionItem({ id: `t${index}`, urgency: 'ticket' }),
    );
    expect(receiver.until(START + MINUTE, tickets)).toHaveLength(2);
    const more = [
      ...tickets,
      attentionItem({ id: 'late', urgency: 'ticket' }),
      attentionItem({ id: 'p', title: 'A page' }),
    ];
    expect(receiver.until(START + 5 * MINUTE, more)).toEqual(['[1.5] began: A page (1)']);
    // The ticket that had no room waits, and is not lost.
    expect(receiver.until(START + 2 * HOUR, more)).toEqual([`[60.5] began: ${TITLE} (1)`]);
  });

  it('that could not be told for hours is told how it is then, also of what is over', () => {
    const receiver = new Told();
    receiver.items = [
      attentionItem({ id: 'a', title: 'Over now' }),
      attentionItem({ id: 'b', title: 'Lasting' }),
    ];
    receiver.decide();
    for (let failures = 0; failures < 20; failures += 1) {
      receiver.now = START + (failures + 1) * 10 * MINUTE;
      const next = receiver.decide();
      expect(next).toBeDefined();
      receiver.told = tried(receiver.told, next?.causeIds ?? []);
    }
    const lasting = attentionItem({ id: 'b', title: 'Lasting', agents: agents(3) });
    expect(receiver.until(receiver.now + 5 * MINUTE, [lasting]).map((said) => said.split('] ')[1])).toEqual([
      'began: Lasting (3)',
      'resolved: Over now (1)',
    ]);
  });

  it('is not told for ever of what is over and cannot be told', () => {
    const receiver = new Told();
    receiver.until(START + MINUTE, [attentionItem()]);
    receiver.items = [];
    receiver.now = START + 2 * MINUTE;
    receiver.decide();
    receiver.now = START + 23 * HOUR;
    expect(receiver.decide()?.notification.event).toBe('resolved');
    receiver.now = START + 25 * HOUR;
    expect(receiver.decide()).toBeUndefined();
    expect(receiver.told.causes).toEqual([]);
  });

  it('gets the same id when the same is told again, and another one for whatever is told next', () => {
    const receiver = new Told();
    receiver.items = [attentionItem()];
    receiver.decide();
    receiver.now = START + MINUTE;
    const first = receiver.decide();
    receiver.now = START + 2 * MINUTE;
    const again = receiver.decide();
    expect(again?.notification.id).toBe(first?.notification.id);
    receiver.told = again?.toldAfter ?? NOTHING_TOLD;
    receiver.now = START + 5 * HOUR;
    expect(receiver.decide()?.notification.id).not.toBe(first?.notification.id);
  });
});

describe('whatever happens', () => {
  const happenings = fc.array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 90 }),
      causes: fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }),
      urgency: fc.constantFrom('page', 'ticket', 'notice'),
      agents: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 30 },
  );

  it('no hour has more than it may, and nobody hears of an end without a beginning, with a restart after each message', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        expect(faultsOf(all)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

interface Happening {
  readonly minutes: number;
  readonly causes: readonly number[];
  readonly urgency: AttentionItem['urgency'];
  readonly agents: number;
}

function faultsOf(happenings: readonly Happening[]): readonly string[] {
  const faults: string[] = [];
  const receiver = new Told({ maximumPerHour: 4, urgencies: ['page', 'ticket', 'notice'] });
  const begun = new Set<string>();
  const times: Record<'page' | 'other', number[]> = { page: [], other: [] };
  for (const { minutes, causes, urgency, agents: count } of happenings) {
    receiver.items = causes.map((cause) =>
      attentionItem({ id: `c${cause}`, urgency, agents: agents(count) }),
    );
    for (const { notification, causeIds } of receiver.messagesUntil(receiver.now + minutes * MINUTE)) {
      const most = notification.event === 'more' ? notification.urgency : notification.item.urgency;
      times[most === 'page' ? 'page' : 'other'].push(notification.atMicroseconds);
      const ended = causeIds.filter((id) => !causes.includes(Number(id.slice(1))));
      for (const id of causeIds) if (!ended.includes(id)) begun.add(id);
      faults.push(
        ...ended.filter((id) => !begun.delete(id)).map((id) => `an end without a beginning: ${id}`),
      );
    }
  }
  for (const sent of Object.values(times)) {
    const tooMany = sent.filter((at, index) => at - (sent[index - 4] ?? -Infinity) < HOUR);
    faults.push(...tooMany.map((at) => `more than 4 in the hour before ${at}`));
  }
  return faults;
}
