/** How the page is built: files whose names are hashes of what they hold, and nothing that a strict content security policy forbids. */
import { join } from 'node:path';
import type { InlineConfig } from 'vite';
import { iconSprite } from './icon-sprite.ts';

export const PAGE_FOLDER = join(import.meta.dirname, '..');
export const BUILT_FOLDER = join(PAGE_FOLDER, 'dist');

export const VITE_SETTINGS: InlineConfig = {
  configFile: false,
  root: PAGE_FOLDER,
  base: '/',
  plugins: [iconSprite()],
  build: {
    outDir: BUILT_FOLDER,
    emptyOutDir: true,
    target: 'es2023',
    // No data URLs: a file of its own is kept by the browser, and needs no exception in the policy.
    assetsInlineLimit: 0,
    // Every browser that knows the targeted language preloads modules.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
};
