import type { Screen } from '../screen.ts';
import { LEDGER } from './ledger-words.ts';
import { LedgerView } from './ledger-view.tsx';

export const LEDGER_SCREEN: Screen = {
  title: LEDGER.title,
  icon: 'scroll-text',
  right: 'get agents/runs',
  views: [{ path: '/ledger', component: LedgerView }],
};
