/** One file with the icons that the page uses, out of the two thousand of Lucide. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';
import { ICONS } from '../src/parts/icon-names.ts';

type IconNode = readonly [tag: string, attributes: Readonly<Record<string, string>>];

const MODULE = 'virtual:icon-sprite';
const RESOLVED = `\0${MODULE}`;
const DEVELOPMENT_PATH = '/icon-sprite.svg';

/** The module `virtual:icon-sprite` exports the address of the sprite, in which each icon is a symbol of its name. */
export function iconSprite(): Plugin {
  let isBuild = false;
  return {
    name: 'icon-sprite',
    configResolved(config) {
      isBuild = config.command === 'build';
    },
    configureServer(server) {
      server.middlewares.use(DEVELOPMENT_PATH, (_request, response) => {
        response.setHeader('content-type', 'image/svg+xml').end(sprite());
      });
    },
    resolveId(id) {
      return id === MODULE ? RESOLVED : undefined;
    },
    load(id) {
      if (id !== RESOLVED) return undefined;
      if (!isBuild) return `export const SPRITE = ${JSON.stringify(DEVELOPMENT_PATH)};`;
      const file = this.emitFile({ type: 'asset', name: 'icons.svg', source: sprite() });
      return `export const SPRITE = import.meta.ROLLUP_FILE_URL_${file};`;
    },
    resolveFileUrl({ fileName }) {
      return JSON.stringify(`/${fileName}`);
    },
  };
}

function sprite(): string {
  const path = createRequire(import.meta.url).resolve('lucide-static/icon-nodes.json');
  const nodes = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, readonly IconNode[]>>;
  const symbols = ICONS.map((name) => {
    const icon = nodes[name];
    if (icon === undefined) throw new Error(`Lucide has no icon ${name}: mend src/parts/icon-names.ts.`);
    return `<symbol id="${name}" viewBox="0 0 24 24">${icon.map(element).join('')}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
}

function element([tag, attributes]: IconNode): string {
  const text = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<${tag}${text.join('')}/>`;
}
