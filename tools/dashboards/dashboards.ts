/** What we show in Grafana. */
import type { Dashboard } from './dashboard.ts';
import { FLEET } from './fleet-dashboard.ts';
import { MODELS } from './models-dashboard.ts';
import { PLATFORM } from './platform-dashboard.ts';
import { ROLLOUTS } from './rollouts-dashboard.ts';

export const DASHBOARDS: readonly Dashboard[] = [FLEET, MODELS, ROLLOUTS, PLATFORM];
