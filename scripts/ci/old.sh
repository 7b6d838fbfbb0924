#!/usr/bin/env bash
# The suites of the search sinks on Elasticsearch 8 with client 8, and on OpenSearch 2: starts those servers, runs the
# tests, stops the servers. old.sh VITEST-OPTION...
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
trap 'exit 130' INT TERM
trap 'timeout -k 10 60 scripts/servers/old.sh stop' EXIT
servers=$(timeout -k 30 240 scripts/servers/old.sh start) || exit 1
eval "$servers"
FLOWFERRY_REQUIRE_SERVERS=1 node_modules/.bin/vitest run --project servers test/servers/{sinks,stored,identity,names}.test.ts "$@"
