#!/usr/bin/env bash
# The tests that need servers with TLS and privileges: starts those, runs the tests, stops the servers. secure.sh VITEST-OPTION...
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
trap 'exit 130' INT TERM
trap 'timeout -k 10 60 scripts/servers/secure.sh stop' EXIT
servers=$(timeout -k 30 240 scripts/servers/secure.sh start) || exit 1
eval "$servers"
node_modules/.bin/vitest run --project secure "$@"
