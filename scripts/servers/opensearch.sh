#!/usr/bin/env bash
# A real OpenSearch from Maven Central, one node, no plugins (so no security): opensearch.sh start|stop|status PORT
set -euo pipefail
VERSION=3.8.0
SHA256=196c3cf4602c394f2e40e6174ccbf2a924eae37246f08fa6bbb6b75f9fd5ff1f
NAME=opensearch PORT=${2:?usage: $0 start|stop|status PORT} AS_NOBODY=1
. "$(dirname "$0")/lib.sh"
HOME_DIR=$DIR/opensearch-$VERSION

healthy() { search_healthy; }

start_server() {
  need_jdk
  unpack "org.opensearch.distribution.integ-test-zip:opensearch:$VERSION" "$SHA256"
  rm -f "$HOME_DIR/config/opensearch.keystore"* # made anew; half of one, of an interrupted start, is an error
  search_settings >"$HOME_DIR/config/opensearch.yml"
  launch env -u JAVA_HOME -u JAVA_TOOL_OPTIONS HOME="$DIR/tmp" OPENSEARCH_TMPDIR="$DIR/tmp" OPENSEARCH_JAVA_HOME="$JDK" \
    OPENSEARCH_JAVA_OPTS='-Xms1g -Xmx1g' "$HOME_DIR/bin/opensearch"
}

main "$1"
