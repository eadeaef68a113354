/** `npm run build:page`: what the console serves, into dist/. */
import { build } from 'vite';
import { VITE_SETTINGS } from './vite-settings.ts';

await build({ ...VITE_SETTINGS, logLevel: 'warn' });
