#!/usr/bin/env bash
# Format, lint, types, dead code, then every test on real services. Arguments go to vitest, such as a
# file's name; --keep-going runs the later steps after a failed one.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh" --for-tests
cd "$root"
exec node_modules/.bin/node scripts/test.ts "$@"
