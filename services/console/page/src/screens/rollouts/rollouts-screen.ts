import { ROLLOUT } from '../../rollouts/rollout-words.ts';
import type { Screen } from '../screen.ts';
import { RolloutView } from './rollout-view.tsx';
import { RolloutsView } from './rollouts-view.tsx';

export const ROLLOUTS_SCREEN: Screen = {
  title: ROLLOUT.title,
  icon: 'git-branch',
  right: 'get canaryrollouts',
  views: [
    { path: '/rollouts', component: RolloutsView },
    { path: '/rollouts/:namespace/:name', component: RolloutView },
  ],
};
