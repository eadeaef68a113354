import type { Screen } from '../screen.ts';
import { NowView } from './now-view.tsx';
import { NOW } from './now-words.ts';

export const NOW_SCREEN: Screen = {
  title: NOW.title,
  icon: 'gauge',
  views: [{ path: '/', component: NowView }],
};
