// Exits 0 when node_modules holds what package-lock.json says. Plain JavaScript: it runs on whatever
// Node the machine has, before the right one is installed. npm records what it installed in
// node_modules/.package-lock.json; packages for other machines (optional ones) are not in it.
import { readFileSync } from 'node:fs';

const [checkout] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(`${checkout}/${file}`, 'utf8')).packages;

let isCurrent = false;
try {
  const wanted = read('package-lock.json');
  const installed = read('node_modules/.package-lock.json');
  isCurrent = Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.link === true) return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
} catch {
  // No node_modules, or a record cut short: not current.
}
process.exit(isCurrent ? 0 : 1);
