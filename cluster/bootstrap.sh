#!/bin/sh
# Runs a TypeScript file of this checkout with the Node that package-lock.json pins, whatever Node
# the machine has: sh cluster/bootstrap.sh FILE.ts [ARGUMENT...]
# Installs node_modules first where it is missing or not what package-lock.json says.
set -eu

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
node="$checkout/node_modules/.bin/node"

fail() {
  echo "$1" >&2
  exit 1
}

[ "$#" -ge 1 ] || fail "Name the TypeScript file to run: sh cluster/bootstrap.sh FILE.ts [ARGUMENT...]."
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  fail "Node or npm is not installed: install any Node 20 or newer with npm (https://nodejs.org); the Node that Capataz runs on is then fetched by npm itself."
fi

if [ ! -x "$node" ] || ! node "$checkout/cluster/is-install-current.mjs" "$checkout"; then
  echo "Installing the packages of package-lock.json." >&2
  # npm ci refuses a lock without the optional packages of other machines, and not every registry
  # carries them all; npm install takes the same versions from the lock and is content without them.
  (cd "$checkout" && { npm ci --no-audit --no-fund --loglevel=silent ||
    npm install --no-save --no-audit --no-fund --loglevel=error; }) >&2 ||
    fail "npm could not install the packages in $checkout: mend what it says above, then run the same command again."
fi
[ -x "$node" ] ||
  fail "The npm package \"node\" brought no program to $node: run npm install in $checkout with install scripts allowed."

exec "$node" "$@"
