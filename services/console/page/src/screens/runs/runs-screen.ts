import type { Screen } from '../screen.ts';
import { RunView } from './run-view.tsx';
import { RunsView } from './runs-view.tsx';
import { RUNS } from './runs-words.ts';

export const RUNS_SCREEN: Screen = {
  title: RUNS.title,
  icon: 'message-square-text',
  right: 'get agents/runs',
  views: [
    { path: '/runs', component: RunsView },
    { path: '/runs/:namespace/:id', component: RunView },
  ],
};
