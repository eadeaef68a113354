/**
 * How rarely one watched signal may alarm falsely, so that a fleet of them does no more often than a person bears. All share
 * one mean number of looks between false alarms, so that whoever is looked at twice as often has twice the share of the budget.
 */
import { type CusumDesign, type Shares, designCusum } from './bernoulli-cusum.ts';

export interface WatchedFleet {
  /** Of all signals of all agents together: a run that is judged by six signals is six looks. */
  readonly looksPerWeek: number;
  readonly falseAlarmsPerWeek: number;
}

/** Fewer looks than this between false alarms is no watch at all, however small the fleet. */
const LEAST_LOOKS_TO_FALSE_ALARM = 2000;
/** Shares are told apart to a tenth of a point: designs are found once for each and kept. */
const GRAIN = 1000;

/** Designs are kept for as long as the function is: make a new one when the fleet has changed. */
export function designsFor(fleet: WatchedFleet): (shares: Shares) => CusumDesign {
  const looksToFalseAlarm = Math.max(
    LEAST_LOOKS_TO_FALSE_ALARM,
    fleet.looksPerWeek / fleet.falseAlarmsPerWeek,
  );
  const designs = new Map<string, CusumDesign>();
  return ({ usual, changed }) => {
    const coarse = { usual: grained(usual), changed: grained(changed) };
    const name = `${coarse.usual} ${coarse.changed}`;
    const design = designs.get(name) ?? designCusum(coarse, looksToFalseAlarm);
    designs.set(name, design);
    return design;
  };
}

/** Upwards: a baseline that is taken too high alarms more rarely. */
function grained(share: number): number {
  return Math.ceil(share * GRAIN) / GRAIN;
}
