import type { Screen } from '../screen.ts';
import { MODELS } from './models-words.ts';
import { ModelsView } from './models-view.tsx';

export const MODELS_SCREEN: Screen = {
  title: MODELS.title,
  icon: 'cpu',
  right: 'get models',
  views: [{ path: '/models', component: ModelsView }],
};
