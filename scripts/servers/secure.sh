#!/usr/bin/env bash
# The two search servers with TLS and privileges, for the tests of those: secure.sh start|stop
# `start` prints what the tests want to know: eval "$(scripts/servers/secure.sh start)"
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
elasticsearch=${FLOWFERRY_SECURE_ELASTICSEARCH_PORT:-19220}
opensearch=${FLOWFERRY_SECURE_OPENSEARCH_PORT:-19221}
export SECURE=1 HEAP=512m

status=0
"$HERE/elasticsearch.sh" "$1" "$elasticsearch" >&2 </dev/null & one=$!
"$HERE/opensearch.sh" "$1" "$opensearch" >&2 </dev/null & two=$!
for job in $one $two; do wait "$job" || status=1; done
[ "$1" = start ] || exit $status
if [ $status != 0 ]; then "$0" stop; exit 1; fi

show() { # NAME PORT USER
  NAME=${1,,} PORT=$2
  . "$HERE/lib.sh"
  echo "export FLOWFERRY_TEST_SECURE_$1=https://$3:$SECURE_PASSWORD@127.0.0.1:$PORT"
  echo "export FLOWFERRY_TEST_SECURE_$1_CA=$DIR/certificates/ca.pem"
}
show ELASTICSEARCH "$elasticsearch" elastic
show OPENSEARCH "$opensearch" admin
