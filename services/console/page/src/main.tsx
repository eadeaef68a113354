import { render } from 'preact';
import './style/page.css';
import { App } from './app/app.tsx';
import { keepPreferences } from './app/preferences.ts';

const root = document.querySelector('#page');
if (root !== null) {
  keepPreferences(document.documentElement);
  render(<App />, root);
}
