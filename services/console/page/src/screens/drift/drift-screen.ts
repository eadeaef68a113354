import type { Screen } from '../screen.ts';
import { DriftView } from './drift-view.tsx';
import { DRIFT } from './drift-words.ts';

export const DRIFT_SCREEN: Screen = {
  title: DRIFT.title,
  icon: 'trending-up',
  views: [{ path: '/drift', component: DriftView }],
};
