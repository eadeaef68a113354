import type { Screen } from '../screen.ts';
import { SecurityView } from './security-view.tsx';
import { SECURITY } from './security-words.ts';

export const SECURITY_SCREEN: Screen = {
  title: SECURITY.title,
  icon: 'shield',
  right: 'get agents/securityevents',
  views: [{ path: '/security', component: SecurityView }],
};
