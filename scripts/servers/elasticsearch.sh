#!/usr/bin/env bash
# A real Elasticsearch from Maven Central, one node: elasticsearch.sh start|stop|status|restart PORT [TERM|KILL]
# OLD=1: the last version of major 8. Security is off; SECURE=1 turns it on, with TLS and API keys. HEAP: of the JVM, default 1g.
# FLOWFERRY_SEARCH_SETTINGS: more lines for its settings file.
# Its zip is the one Elastic's own plugin tests use: the server without its modules. es-shim adds what we miss.
set -euo pipefail
VERSION=9.5.3
SHA256=bec49f3b8d00e75c8d1cec85c35298635ec9fbd3ae80ef5aeb6bc05abdb3db2d
if [ -n "${OLD:-}" ]; then
  VERSION=8.19.21
  SHA256=215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a
fi
NAME=elasticsearch PORT=${2:?usage: $0 start|stop|status PORT} AS_NOBODY=1
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/lib.sh"
HOME_DIR=$DIR/elasticsearch-$VERSION
[ -z "${SECURE:-}" ] || secure elastic

healthy() { search_healthy; }

build_shim() {
  local plugin=$HOME_DIR/plugins/itest-shim classes=$DIR/tmp/classes
  [ ! "$plugin/shim.jar" -nt "$HERE/es-shim/itest/Shim.java" ] || return 0
  mkdir -p "$plugin" "$classes" "$DIR/tmp/shim/itest"
  if [ -n "${OLD:-}" ]; then sed -f "$HERE/es-shim/8.sed"; else cat; fi \
    <"$HERE/es-shim/itest/Shim.java" >"$DIR/tmp/shim/itest/Shim.java"
  "$JDK/bin/javac" --release 21 -nowarn -proc:none -cp "$HOME_DIR/lib/*" -d "$classes" "$DIR/tmp/shim/itest/Shim.java" \
    >"$DIR/javac.log" 2>&1 || { cat "$DIR/javac.log" >&2; die 'the shim does not compile'; }
  sed "s/@VERSION@/$VERSION/" "$HERE/es-shim/plugin-descriptor.properties.in" >"$plugin/plugin-descriptor.properties"
  "$JDK/bin/jar" cf "$DIR/tmp/shim.jar" -C "$classes" . -C "$HERE/es-shim" META-INF
  mv "$DIR/tmp/shim.jar" "$plugin/" # last and at once: this file says that the plugin is whole
}

start_server() {
  need_jdk
  unpack "org.elasticsearch.distribution.integ-test-zip:elasticsearch:$VERSION" "$SHA256"
  build_shim
  rm -f "$HOME_DIR/config/elasticsearch.keystore"* # made anew; half of one, of an interrupted start, is an error
  if [ -n "${SECURE:-}" ]; then
    make_certificates
    rm -rf "$HOME_DIR/config/certificates"
    cp -r "$DIR/certificates" "$HOME_DIR/config/"
    {
      search_settings
      echo 'xpack.security.enabled: true'
      echo 'xpack.security.enrollment.enabled: false'
      echo 'xpack.security.http.ssl: {enabled: true, certificate: certificates/node.pem, key: certificates/node.key}'
    } >"$HOME_DIR/config/elasticsearch.yml"
    printf %s "$SECURE_PASSWORD" | env -u JAVA_HOME -u JAVA_TOOL_OPTIONS ES_JAVA_HOME="$JDK" \
      "$HOME_DIR/bin/elasticsearch-keystore" add -f -x bootstrap.password >"$DIR/keystore.log" 2>&1
  else
    { search_settings; echo 'xpack.security.enabled: false'; } >"$HOME_DIR/config/elasticsearch.yml"
  fi
  launch env -u JAVA_HOME -u JAVA_TOOL_OPTIONS HOME="$DIR/tmp" ES_TMPDIR="$DIR/tmp" ES_JAVA_HOME="$JDK" \
    ES_JAVA_OPTS="-Xms${HEAP:-1g} -Xmx${HEAP:-1g}" "$HOME_DIR/bin/elasticsearch"
}

main "$1" "${3:-TERM}"
