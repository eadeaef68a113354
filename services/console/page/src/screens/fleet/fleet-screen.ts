import type { Screen } from '../screen.ts';
import { AgentView } from '../agent/agent-view.tsx';
import { FleetView } from './fleet-view.tsx';
import { FLEET } from './fleet-words.ts';

export const FLEET_SCREEN: Screen = {
  title: FLEET.title,
  icon: 'boxes',
  views: [
    { path: '/agents', component: FleetView },
    { path: '/agents/:namespace/:name', component: AgentView },
  ],
};
