/** All areas, in the order of the menu. A new one is a folder beside this file and a line here. */
import { DRIFT_SCREEN } from './drift/drift-screen.ts';
import { FLEET_SCREEN } from './fleet/fleet-screen.ts';
import { LEDGER_SCREEN } from './ledger/ledger-screen.ts';
import { MODELS_SCREEN } from './models/models-screen.ts';
import { NOW_SCREEN } from './now/now-screen.ts';
import { ROLLOUTS_SCREEN } from './rollouts/rollouts-screen.ts';
import { RUNS_SCREEN } from './runs/runs-screen.ts';
import type { Screen } from './screen.ts';
import { SECURITY_SCREEN } from './security/security-screen.ts';

export const SCREENS: readonly Screen[] = [
  NOW_SCREEN,
  FLEET_SCREEN,
  RUNS_SCREEN,
  ROLLOUTS_SCREEN,
  DRIFT_SCREEN,
  SECURITY_SCREEN,
  LEDGER_SCREEN,
  MODELS_SCREEN,
];
