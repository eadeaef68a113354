/**
 * N22: seeded tamperings, one after another, each on an honest ledger of its own. CAPATAZ_TAMPERINGS and
 * CAPATAZ_TAMPERED_RECORDS make more of them on a larger one.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Served,
  honestLedger,
  sampleEntries,
  signedAt,
  treeOf,
  verify,
} from './testing/sample-ledger.ts';

const TAMPERINGS = Number(process.env['CAPATAZ_TAMPERINGS'] ?? 200);
const RECORDS = Number(process.env['CAPATAZ_TAMPERED_RECORDS'] ?? 1_000);
const WITNESSED = RECORDS - 7;

let honest: Served;
let forged: readonly string[];

beforeAll(async () => {
  honest = await honestLedger(RECORDS, [Math.floor(RECORDS / 2), WITNESSED]);
  forged = sampleEntries(RECORDS, '-forged');
}, 600_000);

type Random = () => number;

/** Park and Miller's minimal standard generator. */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const place = (random: Random, below = WITNESSED): number => Math.floor(random() * below);
const bodyAt = (served: Served, index: number): string => served.entries[index]?.canonical ?? '';
const set = (served: Served, index: number, canonical: string): void => {
  served.entries[index] = { index, canonical };
};
const renumber = (served: Served): void => {
  served.entries = served.entries.map(({ canonical }, index) => ({ index, canonical }));
};

/** One byte of the body becomes another, of a letter or a figure, so that it stays JSON most of the time. */
function withOneByteChanged(body: string, random: Random): string {
  for (;;) {
    const at = Math.floor(random() * body.length);
    const code = body.charCodeAt(at);
    if (!/[a-z0-8]/.test(body.charAt(at))) continue;
    return `${body.slice(0, at)}${String.fromCharCode(code + 1)}${body.slice(at + 1)}`;
  }
}

/** Answers with the first place that was touched; undefined: the whole log is meant, and its end. */
const LOCATED: Readonly<Record<string, (served: Served, random: Random) => number>> = {
  edit: (served, random) => {
    const index = place(random);
    set(served, index, withOneByteChanged(bodyAt(served, index), random));
    return index;
  },
  drop: (served, random) => {
    const index = place(random);
    served.entries.splice(index, 1);
    return index;
  },
  'drop and move up': (served, random) => {
    const index = place(random);
    served.entries.splice(index, 1);
    renumber(served);
    return index;
  },
  insert: (served, random) => {
    const index = place(random);
    served.entries.splice(index, 0, { index, canonical: forged[index] ?? '' });
    renumber(served);
    return index;
  },
  swap: (served, random) => {
    const [one, other] = [place(random), place(random)].toSorted((left, right) => left - right) as [
      number,
      number,
    ];
    const second = one === other ? other + 1 : other;
    const body = bodyAt(served, one);
    set(served, one, bodyAt(served, second));
    set(served, second, body);
    return one;
  },
  'serve another record twice': (served, random) => {
    const index = 1 + place(random, WITNESSED - 1);
    set(served, index, bodyAt(served, index - 1));
    return index;
  },
};

const OF_THE_WHOLE: Readonly<Record<string, (served: Served, random: Random) => Promise<void>>> = {
  truncate: async (served, random) => {
    served.entries.length = place(random);
  },
  'roll back': async (served, random) => {
    const size = place(random);
    served.entries.length = size;
    served.tree = treeOf(served.entries.map(({ canonical }) => canonical ?? ''));
    served.checkpoint = await signedAt(served.tree, size);
  },
  fork: async (served, random) => {
    const from = place(random);
    served.entries.forEach((_, index) => {
      if (index >= from) set(served, index, forged[index] ?? '');
    });
    served.tree = treeOf(served.entries.map(({ canonical }) => canonical ?? ''));
    served.checkpoint = await signedAt(served.tree, RECORDS);
  },
};

async function tampered(seed: number): Promise<string | undefined> {
  const random = randomOf(seed);
  const served: Served = {
    ...honest,
    entries: [...honest.entries],
    otherCheckpoints: [...honest.otherCheckpoints],
  };
  const kinds = [...Object.keys(LOCATED), ...Object.keys(OF_THE_WHOLE)];
  const kind = kinds[seed % kinds.length] ?? '';
  const at = LOCATED[kind]?.(served, random);
  await OF_THE_WHOLE[kind]?.(served, random);
  const { isUntouched, findings } = await verify(served);
  if (isUntouched) return `seed ${seed}: ${kind} was not found`;
  const located = findings.find(({ firstIndex }) => firstIndex !== undefined);
  if (at !== undefined && located?.firstIndex !== at) {
    return `seed ${seed}: ${kind} at ${at} was found at ${located?.firstIndex}`;
  }
  return undefined;
}

describe('whoever tampers with a ledger that a witness has seen', () => {
  it(`is found out ${TAMPERINGS} times of ${TAMPERINGS}, and every edited, dropped, inserted or swapped record is named (N22)`, async () => {
    const missed: string[] = [];
    for (let seed = 1; seed <= TAMPERINGS; seed += 1) {
      const problem = await tampered(seed);
      if (problem !== undefined) missed.push(problem);
    }
    expect(missed).toEqual([]);
  }, 7_200_000);
});
