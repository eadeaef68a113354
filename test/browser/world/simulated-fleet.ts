/**
 * A company with a thousand agents, the same for the same seed: who they are and what befalls some of them. What they did is
 * told by simulated-history.ts. Pure: nothing is made here.
 */
import { seededRandom } from '#domain/judging/testing/outcomes.ts';

/** What somebody who opens the console should find. */
export type Story =
  /** Each call takes three times the tokens for six hours now. */
  | 'costly'
  /** Its runs last six times as long for six hours now. */
  | 'slow'
  /** One answer in four does not fit its schema since yesterday, though nothing of ours changed. */
  | 'drifting'
  /** Somebody tries it: fifty refused calls in the last hour. */
  | 'attacked'
  /** Its pods do not become ready. */
  | 'stalled'
  /** It has only begun. */
  | 'new'
  | 'usual';

export interface SimulatedAgent {
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  readonly prompt: string;
  /** The first one is used. */
  readonly models: readonly string[];
  readonly story: Story;
  /** Told hour by hour; of the others only some runs a day. */
  readonly isBusy: boolean;
  /** In a usual hour of work. */
  readonly nanoUsdPerRun: number;
  readonly microsecondsPerRun: number;
}

export interface SimulatedModel {
  readonly name: string;
  readonly provider: 'OpenAI' | 'Anthropic' | 'Gemini';
  readonly providerModel: string;
}

export interface SimulatedFleet {
  readonly namespaces: readonly string[];
  readonly agents: readonly SimulatedAgent[];
  /** The same in every namespace. */
  readonly models: readonly SimulatedModel[];
  /** Names of prompts, by namespace: each has a CanaryRollout of that name. */
  readonly prompts: ReadonlyMap<string, readonly string[]>;
}

/** What each department has done by agents. */
const WORK: Readonly<Record<string, readonly (readonly [task: string, description: string])[]>> = {
  finance: [
    ['invoice-classifier', 'Sorts incoming invoices by cost centre and flags those without an order.'],
    ['expense-checker', 'Holds expense reports against the travel policy.'],
    ['payment-matcher', 'Finds the invoice that a payment belongs to.'],
    ['tax-code-finder', 'Proposes a tax code for each booking.'],
    ['dunning-writer', 'Drafts reminders in the tone that the customer is used to.'],
  ],
  support: [
    ['ticket-triage', 'Reads new tickets and says who should have them.'],
    ['refund-advisor', 'Says whether a refund is due, and by which rule.'],
    ['reply-drafter', 'Drafts an answer from the articles of the knowledge base.'],
    ['complaint-reader', 'Finds what a complaint is really about.'],
    ['call-summariser', 'Writes three sentences about each call.'],
  ],
  logistics: [
    ['parcel-tracker', 'Answers where a parcel is and when it will come.'],
    ['customs-helper', 'Fills in customs forms from the order.'],
    ['route-explainer', 'Says in plain words why a route was changed.'],
    ['damage-assessor', 'Judges photos and reports of damaged goods.'],
    ['slot-planner', 'Proposes delivery slots that fit both sides.'],
  ],
  people: [
    ['leave-assistant', 'Answers questions about leave by the agreement of the site.'],
    ['policy-guide', 'Finds the paragraph of the handbook that applies.'],
    ['onboarding-buddy', 'Leads new colleagues through their first week.'],
    ['shift-swapper', 'Finds a fair swap of shifts.'],
    ['survey-reader', 'Groups what colleagues wrote in surveys.'],
  ],
  shop: [
    ['product-describer', 'Writes descriptions from the data sheet.'],
    ['review-moderator', 'Says which reviews break the rules, and which rule.'],
    ['size-advisor', 'Recommends a size from what was kept and sent back.'],
    ['search-helper', 'Turns what people type into a search that finds it.'],
    ['order-watcher', 'Notices orders that are stuck, and says why.'],
  ],
};

const MARKETS = [
  'de',
  'at',
  'ch',
  'fr',
  'be',
  'nl',
  'lu',
  'es',
  'pt',
  'it',
  'pl',
  'cz',
  'sk',
  'hu',
  'ro',
  'bg',
  'gr',
  'se',
  'no',
  'dk',
  'fi',
  'ee',
  'lv',
  'lt',
  'ie',
  'uk',
  'us',
  'ca',
  'mx',
  'br',
  'ar',
  'cl',
  'co',
  'pe',
  'jp',
  'kr',
  'au',
  'nz',
  'sg',
  'in',
];

const MODELS: readonly SimulatedModel[] = [
  { name: 'swift', provider: 'OpenAI', providerModel: 'gpt-5-mini' },
  { name: 'careful', provider: 'Anthropic', providerModel: 'claude-sonnet-4-5' },
  { name: 'reserve', provider: 'Gemini', providerModel: 'gemini-2.5-flash' },
];

const STORIES: readonly (readonly [namespace: string, name: string, story: Story])[] = [
  ['finance', 'invoice-classifier-es', 'costly'],
  ['support', 'refund-advisor-uk', 'slow'],
  ['support', 'ticket-triage-de', 'drifting'],
  ['shop', 'review-moderator-us', 'attacked'],
  ['logistics', 'customs-helper-ch', 'stalled'],
  ['people', 'shift-swapper-nz', 'new'],
];

/** The agents of each task in so many markets are told hour by hour. */
const BUSY_MARKETS = 1;

export function simulateFleet(seed: number, agentCount = 1_000): SimulatedFleet {
  const random = seededRandom(seed);
  const everybody = MARKETS.flatMap((market, marketIndex) =>
    Object.entries(WORK).flatMap(([namespace, tasks]) =>
      tasks.map(([task, description]): SimulatedAgent => {
        const name = `${task}-${market}`;
        const story = STORIES.find(([where, who]) => where === namespace && who === name)?.[2] ?? 'usual';
        const isBusy = marketIndex < BUSY_MARKETS || (story !== 'usual' && story !== 'new');
        return {
          namespace,
          name,
          description,
          prompt: task,
          models: random() < 0.7 ? ['swift', 'reserve'] : ['careful', 'swift'],
          story,
          isBusy,
          // Whoever is asked but now and then does small work.
          nanoUsdPerRun: Math.round((isBusy ? 100_000_000 : 5_000_000) * Math.exp(2.3 * random())),
          microsecondsPerRun: Math.round(600_000 * Math.exp(2 * random())),
        };
      }),
    ),
  );
  // Whoever has a story is there in a fleet of any size.
  const told = everybody.filter(({ story }) => story !== 'usual');
  const others = everybody
    .filter(({ story }) => story === 'usual')
    .slice(0, Math.max(0, agentCount - told.length));
  return {
    namespaces: Object.keys(WORK),
    agents: [...told, ...others],
    models: MODELS,
    prompts: new Map(
      Object.entries(WORK).map(([namespace, tasks]) => [namespace, tasks.map(([task]) => task)]),
    ),
  };
}

/** Of the version that is served; its candidate says one sentence more. */
export function stablePromptText(prompt: string): string {
  return `You are the ${prompt}.`;
}
