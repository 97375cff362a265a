#!/usr/bin/env bash
# The whole of Stepladder on this machine: see scripts/demo/usage.txt.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for argument in "$@"; do
  case $argument in -h | --help) exec cat "$root/scripts/demo/usage.txt" ;; esac
done
"$root/scripts/setup.sh"
exec "$root/node_modules/.bin/node" "$root/scripts/demo.ts" "$@"
