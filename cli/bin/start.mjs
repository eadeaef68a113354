/**
 * Starts the command line with a Node that can: the one it is started with, or the one that the package brings. Plain
 * JavaScript that any Node since 18 reads, because it runs before anybody knows which one it is.
 *
 * Node takes types away by itself, but not from files below node_modules; there a hook of ours does, by the same means.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MINIMUM = 24;

/** `entry` is a file: URL of the script that was started. */
export async function start(entry, words) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MINIMUM) {
    process.exitCode = await startWithOwnNode(fileURLToPath(entry));
    return;
  }
  const root = new URL('../../', import.meta.url).href;
  if (root.includes('/node_modules/')) takeTypesAway(root);
  module.enableCompileCache?.();
  process.argv.splice(2, process.argv.length, ...words);
  await import('../main.ts');
}

async function startWithOwnNode(entry) {
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
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: 'inherit' });
  // Whoever ends this process means the program. From a terminal it hears of it twice, which it takes for once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`capataz: ${node} cannot be started: ${error.message}`);
      resolve(2);
    });
    child.once('exit', (status, signal) => resolve(status ?? 128 + (constants.signals[signal] ?? 0)));
  });
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
