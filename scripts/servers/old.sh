#!/usr/bin/env bash
# The last versions of Elasticsearch 8 and OpenSearch 2, which users still run: old.sh start|stop
# `start` prints what the tests want to know: eval "$(scripts/servers/old.sh start)"
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
elasticsearch=${FLOWFERRY_OLD_ELASTICSEARCH_PORT:-19230}
opensearch=${FLOWFERRY_OLD_OPENSEARCH_PORT:-19231}
export OLD=1 HEAP=512m

status=0
"$HERE/elasticsearch.sh" "$1" "$elasticsearch" >&2 </dev/null & one=$!
"$HERE/opensearch.sh" "$1" "$opensearch" >&2 </dev/null & two=$!
for job in $one $two; do wait "$job" || status=1; done
[ "$1" = start ] || exit $status
if [ $status != 0 ]; then "$0" stop; exit 1; fi
echo 'export FLOWFERRY_TEST_OLD=1'
echo "export FLOWFERRY_TEST_ELASTICSEARCH=http://127.0.0.1:$elasticsearch"
echo "export FLOWFERRY_TEST_OPENSEARCH=http://127.0.0.1:$opensearch"
