#!/usr/bin/env bash
# MiniStack from PyPI: S3, SQS, SNS and EventBridge on one port, in memory: ministack.sh start|stop|status PORT
# Credentials: any; region: any. Never the proof of how AWS itself behaves.
set -euo pipefail
NAME=ministack PORT=${2:?usage: $0 start|stop|status PORT}
HERE=$(cd "$(dirname "$0")" && pwd)
VERSION=$(sed -n 's/^ministack==//p' "$HERE/ministack-requirements.txt") # pinned there with all it needs
. "$HERE/lib.sh"

healthy() { curl -fsS -o /dev/null -m 3 "$URL/_ministack/health" 2>/dev/null; }

install() {
  local venv=$1
  need python3:python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "missing: Python 3.10 or newer"
  # Debian's python3 brings venv without the pip that goes into one.
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv || die 'missing: venv (Debian: apt-get install python3-venv)'
  say "installing $VERSION"
  rm -rf "$venv"
  { python3 -m venv "$venv" && "$venv/bin/pip" install --no-input -r "$HERE/ministack-requirements.txt"; } \
    >"$DIR/pip.log" 2>&1 </dev/null || { tail -n 20 "$DIR/pip.log" >&2; die 'installation failed, what pip said is above'; }
  cp "$HERE/ministack-requirements.txt" "$venv/installed.txt"
}

start_server() {
  local venv=$DIR/venv
  cmp -s "$HERE/ministack-requirements.txt" "$venv/installed.txt" || install "$venv"
  # Queue URLs name MINISTACK_HOST; `localhost` may be ::1, where nobody listens.
  launch env GATEWAY_PORT="$PORT" BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 PERSIST_STATE=0 S3_PERSIST=0 \
    STATE_DIR="$DIR/data" S3_DATA_DIR="$DIR/data/s3" TMPDIR="$DIR/tmp" LOG_LEVEL=WARNING "$venv/bin/ministack"
}

main "$1" "${3:-TERM}"
