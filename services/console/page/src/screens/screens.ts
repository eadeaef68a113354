/** All areas, in the order of the menu. A new one is a folder beside this file and a line here. */
import { FLEET_SCREEN } from './fleet/fleet-screen.ts';
import { NOW_SCREEN } from './now/now-screen.ts';
import { RUNS_SCREEN } from './runs/runs-screen.ts';
import type { Screen } from './screen.ts';

export const SCREENS: readonly Screen[] = [NOW_SCREEN, FLEET_SCREEN, RUNS_SCREEN];
