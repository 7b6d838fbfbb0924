#!/usr/bin/env bash
# A real OpenSearch from Maven Central, one node, no plugins: opensearch.sh start|stop|status|restart PORT [TERM|KILL]
# OLD=1: the last version of major 2. SECURE=1: that one with TLS and roles, since Central has a security plugin for none newer. HEAP: of the JVM, default 1g.
# FLOWFERRY_SEARCH_SETTINGS: more lines for its settings file.
set -euo pipefail
VERSION=3.8.0
SHA256=196c3cf4602c394f2e40e6174ccbf2a924eae37246f08fa6bbb6b75f9fd5ff1f
if [ -n "${SECURE:-}${OLD:-}" ]; then
  VERSION=2.19.4
  SHA256=3902e642715210d1d9d7cbdcc8f5abd6f931d1d7a679cea3750937becf16c406
  PLUGIN_SHA256=1f673622c462c4171a8c53f9b1ad20e5b839834cb79b0d3b388da180a0e514e8
  JDK_LEAST=11 JDK_MOST=23 # later ones have no SecurityManager, which 2.x needs
fi
NAME=opensearch PORT=${2:?usage: $0 start|stop|status PORT} AS_NOBODY=1
. "$(dirname "$0")/lib.sh"
HOME_DIR=$DIR/opensearch-$VERSION
[ -z "${SECURE:-}" ] || secure admin

healthy() { search_healthy; }

# The plugin, with one user: `admin`, who may also make roles.
add_security() {
  local config=$HOME_DIR/config layer hash
  make_certificates
  download "org.opensearch.plugin:opensearch-security:$VERSION.0" "$PLUGIN_SHA256"
  [ -d "$HOME_DIR/plugins/opensearch-security" ] ||
    env -u JAVA_TOOL_OPTIONS OPENSEARCH_JAVA_HOME="$JDK" "$HOME_DIR/bin/opensearch-plugin" install -b "file://$ZIP" \
      >"$DIR/plugin.log" 2>&1
  rm -rf "$config/certificates"
  cp -r "$DIR/certificates" "$config/"
  {
    for layer in transport http; do
      echo "plugins.security.ssl.$layer.pemcert_filepath: certificates/node.pem"
      echo "plugins.security.ssl.$layer.pemkey_filepath: certificates/node.key"
      echo "plugins.security.ssl.$layer.pemtrustedcas_filepath: certificates/ca.pem"
    done
    echo 'plugins.security.ssl.http.enabled: true'
    echo 'plugins.security.ssl.transport.enforce_hostname_verification: false'
    echo 'plugins.security.allow_default_init_securityindex: true'
    echo 'plugins.security.nodes_dn: ["CN=node"]'
    echo 'plugins.security.restapi.roles_enabled: ["all_access"]'
  } >>"$config/opensearch.yml"
  hash=$(OPENSEARCH_JAVA_HOME="$JDK" bash "$HOME_DIR/plugins/opensearch-security/tools/hash.sh" -p "$SECURE_PASSWORD" \
    2>/dev/null | tail -n 1)
  printf '_meta: {type: internalusers, config_version: 2}\nadmin: {hash: "%s", backend_roles: [admin]}\n' "$hash" \
    >"$config/opensearch-security/internal_users.yml"
}

start_server() {
  need_jdk
  unpack "org.opensearch.distribution.integ-test-zip:opensearch:$VERSION" "$SHA256"
  rm -f "$HOME_DIR/config/opensearch.keystore"* # made anew; half of one, of an interrupted start, is an error
  search_settings >"$HOME_DIR/config/opensearch.yml"
  [ -z "${SECURE:-}" ] || add_security
  launch env -u JAVA_HOME -u JAVA_TOOL_OPTIONS HOME="$DIR/tmp" OPENSEARCH_TMPDIR="$DIR/tmp" OPENSEARCH_JAVA_HOME="$JDK" \
    OPENSEARCH_JAVA_OPTS="-Xms${HEAP:-1g} -Xmx${HEAP:-1g}" "$HOME_DIR/bin/opensearch"
}

main "$1" "${3:-TERM}"
