#!/usr/bin/env bash
# Installs what the demo and the tests need and this machine lacks: ffmpeg, Redis, PostgreSQL (apt),
# npm packages, MinIO (Go); with --for-tests Chromium, curl, jq, bubblewrap and schemathesis (pip) too, with --with-spin what
# `npm run model` needs.
# Says nothing when nothing is to do.
# A service whose endpoint is given (DATABASE_URL, REDIS_URL, S3_ENDPOINT) needs no program.
set -euo pipefail

minio_version=v0.0.0-20260212201848-7aac2a2c5b7c
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${STEPLADDER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stepladder}
log=$root/.local/logs/setup.log

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command with its output in the log; shows the log's end when it fails.
quietly() {
  mkdir -p "$(dirname "$log")"
  printf '\n$ %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 && return
  tail -n 15 "$log" >&2
  return 1
}

have_postgres() {
  { have initdb && have postgres; } || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

have_venv() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

have_chromium() { have chromium || have chromium-browser || have google-chrome; }

check_node() {
  have node || fail 'Node.js is missing: install version 20 or newer, with npm.'
  local major
  major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge 20 ] || fail "Node.js $(node --version) is too old: install version 20 or newer, with npm."
  have npm || fail 'npm is missing: install it (it comes with Node.js; on Debian: apt-get install npm).'
}

# Whether the first argument is among the others.
wants() { local wanted=$1; shift; case " $* " in *" $wanted "*) return 0 ;; esac; return 1; }

missing_packages() {
  { have ffmpeg && have ffprobe; } || echo ffmpeg
  [ -n "${REDIS_URL:-}" ] || have redis-server || echo redis-server
  [ -n "${DATABASE_URL:-}" ] || have_postgres || echo postgresql
  if wants --for-tests "$@"; then
    have_chromium || echo chromium
    have curl || echo curl
    have jq || echo jq
    have_venv || echo python3-venv
    # Only where it costs no more than this: without it the tests of the sandbox are left out, and say so.
    if have apt-get && [ "$(id -u)" = 0 ]; then have bwrap || echo bubblewrap; fi
  fi
  # libc6-dev holds the headers, which gcc alone does not bring.
  wants --with-spin "$@" && ! { have spin && have gcc; } && echo spin gcc libc6-dev
  return 0
}

install_packages() {
  local wanted=$*
  have apt-get || fail "missing: $wanted. There is no apt-get here: install them with this system's own package manager."
  [ "$(id -u)" = 0 ] || fail "missing: $wanted. Installing needs root: sudo apt-get install $wanted"
  say "installing $wanted with apt-get"
  export DEBIAN_FRONTEND=noninteractive
  # We start our own services on our own data: the packages' own are not to start, now or at boot.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  # shellcheck disable=SC2086 # one word a package
  apt_install $wanted || fail "apt-get could not install: $wanted. See $log."
  if [ -d /run/systemd/system ]; then
    for unit in $wanted; do systemctl disable "$unit" >>"$log" 2>&1 || true; done
  fi
}

apt_install() {
  local install=(apt-get install --yes --no-install-recommends "$@")
  # Without package lists, or with old ones, the first try fails; only then they are fetched.
  { mkdir -p "$(dirname "$log")" && "${install[@]}" >>"$log" 2>&1; } && return
  quietly apt-get update && quietly "${install[@]}"
}

install_npm_packages() {
  local done=$root/node_modules/.package-lock.json
  if [ -e "$done" ] && [ ! "$root/package-lock.json" -nt "$done" ]; then return; fi
  say 'installing npm packages'
  (cd "$root" && quietly npm ci --include=dev --no-audit --no-fund) || fail "npm ci failed. See $log."
  touch "$done"
}

check_runtime() {
  "$root/node_modules/.bin/node" --version >/dev/null 2>&1 ||
    fail 'the npm package node@26 has no binary: its install script must be allowed to run (npm ci, without --ignore-scripts).'
}

install_minio() {
  if [ -n "${S3_ENDPOINT:-}" ] || have minio || [ -x "$cache/bin/minio" ]; then return; fi
  local go
  go=$(command -v go || command -v /usr/local/go/bin/go) ||
    fail 'MinIO is missing and so is Go, which builds it: install Go 1.24 or newer, or put minio on PATH, or set S3_ENDPOINT.'
  say 'building MinIO with Go (once; takes some minutes)'
  GOBIN=$cache/bin quietly "$go" install "github.com/minio/minio@$minio_version" || fail "MinIO could not be built. See $log."
}

# What fuzzes the API, in a Python environment of its own.
install_schemathesis() {
  local install=$root/scripts/fuzz/install.ts
  cmp -s "$root/scripts/fuzz/requirements.txt" "$root/.local/fuzz/installed.txt" && return
  say 'installing schemathesis with pip'
  quietly "$root/node_modules/.bin/node" -e "(await import('$install')).installSchemathesis()" ||
    fail "schemathesis could not be installed. See $log."
}

for_tests=no
wants --for-tests "$@" && for_tests=yes
check_node
# shellcheck disable=SC2046 # one word a package
set -- $(missing_packages "$@")
[ $# = 0 ] || install_packages "$@"
install_npm_packages
check_runtime
install_minio
[ $for_tests = no ] || install_schemathesis
