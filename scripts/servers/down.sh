#!/usr/bin/env bash
# Stops what up.sh started.
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
"$HERE/elasticsearch.sh" stop "${FLOWFERRY_ELASTICSEARCH_PORT:-19200}" & one=$!
"$HERE/opensearch.sh" stop "${FLOWFERRY_OPENSEARCH_PORT:-19201}" & two=$!
"$HERE/ministack.sh" stop "${FLOWFERRY_AWS_PORT:-14566}" & three=$!
status=0
for job in $one $two $three; do wait "$job" || status=1; done
exit $status
