#!/usr/bin/env bash
# Starts the three test servers and prints what the tests want to know: eval "$(scripts/servers/up.sh)"
# Other ports: FLOWFERRY_ELASTICSEARCH_PORT, FLOWFERRY_OPENSEARCH_PORT, FLOWFERRY_AWS_PORT (down.sh reads them, too).
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
elasticsearch=${FLOWFERRY_ELASTICSEARCH_PORT:-19200}
opensearch=${FLOWFERRY_OPENSEARCH_PORT:-19201}
aws=${FLOWFERRY_AWS_PORT:-14566}

jobs=()
failed() {
  trap '' INT TERM
  # Each job is a process group (set -m), so that a download ends with the script that waits for it.
  for job in "${jobs[@]}"; do kill -TERM -- "-$job" 2>/dev/null || true; done
  wait
  "$HERE/down.sh"
  exit 1
}
trap failed INT TERM

set -m
"$HERE/elasticsearch.sh" start "$elasticsearch" >&2 </dev/null & jobs+=($!)
"$HERE/opensearch.sh" start "$opensearch" >&2 </dev/null & jobs+=($!)
"$HERE/ministack.sh" start "$aws" >&2 </dev/null & jobs+=($!)
set +m
for job in "${jobs[@]}"; do wait "$job" || failed; done

echo "export FLOWFERRY_TEST_ELASTICSEARCH=http://127.0.0.1:$elasticsearch"
echo "export FLOWFERRY_TEST_OPENSEARCH=http://127.0.0.1:$opensearch"
echo "export FLOWFERRY_TEST_AWS=http://127.0.0.1:$aws"
