#!/usr/bin/env bash
# The dashboard in Chromium: test/browser. Installs Debian's Chromium where there is none. Options go to vitest.
set -euo pipefail
cd "$(dirname "$0")/../.."
export FLOWFERRY_CHROMIUM=${FLOWFERRY_CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$FLOWFERRY_CHROMIUM" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
fi
node scripts/bootstrap.mjs
exec npx vitest run --project browser "$@"
