#!/usr/bin/env node
// kubectl runs kubectl_complete-PLUGIN with the words behind "kubectl capataz".
import { start } from './start.mjs';

await start(import.meta.url, ['complete', '--', ...process.argv.slice(2)]);
