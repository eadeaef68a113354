/**
 * Starts the command line with a Node that can: the one it is started with, or the one that the package brings. Plain
 * JavaScript that any Node since 18 reads, because it runs before anybody knows which one it is.
 *
 * Node takes types away by itself, but not from files below node_modules; there a hook of ours does, by the same means.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MINIMUM = 24;

/** `entry` is a file: URL of the script that was started. */
export async function start(entry, words) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MINIMUM) {
    process.exitCode = startWithOwnNode(fileURLToPath(entry));
    return;
  }
  const root = new URL('../../', import.meta.url).href;
  if (root.includes('/node_modules/')) takeTypesAway(root);
  module.enableCompileCache?.();
  process.argv.splice(2, process.argv.length, ...words);
  await import('../main.ts');
}

function startWithOwnNode(entry) {
  const require = module.createRequire(import.meta.url);
  let node;
  try {
    node = require.resolve('node/bin/node');
  } catch {
    node = '';
  }
  if (!existsSync(node)) {
    console.error(
      `capataz: Node ${NODE_MAJOR_MINIMUM} or newer is needed, and this is ${process.versions.node}: install a newer one (https://nodejs.org), or run npm install in the checkout, which brings one.`,
    );
    return 2;
  }
  const { status, signal, error } = spawnSync(node, [entry, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (error !== undefined) console.error(`capataz: ${node} cannot be started: ${error.message}`);
  return status ?? (signal === 'SIGINT' ? 130 : 2);
}

function takeTypesAway(root) {
  // That the function is experimental is our business, not the user's.
  const warn = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).includes('stripTypeScriptTypes')) warn(warning, ...rest);
  };
  module.registerHooks({
    load: (url, context, nextLoad) => {
      if (!url.startsWith(root) || !url.endsWith('.ts')) return nextLoad(url, context);
      const source = module.stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module', source, shortCircuit: true };
    },
  });
}
