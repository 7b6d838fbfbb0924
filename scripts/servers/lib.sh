# What the server scripts share; sourced by them after they set NAME, VERSION and PORT. Linux only.

ROOT=$(realpath -m "${FLOWFERRY_SERVERS_DIR:-/var/tmp/flowferry-servers}")
DOWNLOADS=$ROOT/downloads
DIR=$ROOT/$NAME-$PORT # everything of this one server
URL=http://127.0.0.1:$PORT
umask 022 # `nobody` must be able to enter

say() { echo "$NAME: $*" >&2; }
die() { say "$*"; exit 1; }

# --- processes -------------------------------------------------------------------------------------------------------
# Each server gets a session of its own, so everything it starts can be found and ended. DIR/session holds the session's
# id and the start time of its leader: the same number with another start time is a stranger who got the number later.

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

pids() {
  local sid started now
  read -r sid started 2>/dev/null <"$DIR/session" || return 0
  now=$(start_time "$sid")
  [ -z "$now" ] || [ "$now" = "$started" ] || return 0
  # The fields after the command's name: state, parent, group, session. Zombies have ended already.
  cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\([0-9]*\) (.*) \([A-Z]\) [0-9]* [0-9]* \([0-9]*\) .*/\1 \2 \3/p' |
    awk -v sid="$sid" '$3 == sid && $2 != "Z" && $2 != "X" { print $1 }'
}

running() { [ -n "$(pids)" ]; }

# launch COMMAND...: in the background, as `nobody` when we are root (the search servers refuse root).
launch() {
  local as=()
  if [ "$(id -u)" = 0 ] && [ "${AS_NOBODY:-}" = 1 ]; then
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    chown -R nobody "$DIR"
    "${as[@]}" test -x "$DIR" || die "nobody cannot enter $DIR: set FLOWFERRY_SERVERS_DIR to a folder that all may enter"
  fi
  trap : INT TERM # nothing may come between the start and the note about it
  (cd "$DIR" && exec setsid "${as[@]}" "$@") >"$DIR/out.log" 2>&1 </dev/null &
  for _ in $(seq 50); do # until setsid has happened
    [ "$(sed 's/.*) //' "/proc/$!/stat" 2>/dev/null | cut -d' ' -f4)" != $! ] || break
    sleep 0.1
  done
  echo "$! $(start_time $!)" >"$DIR/session"
  trap - INT TERM
}

# end_processes TERM|KILL
end_processes() {
  local signal=$1
  for i in $(seq 150); do
    running || break
    [ "$i" != 100 ] || signal=KILL # 20 seconds are enough to end in order
    # shellcheck disable=SC2046 # one word for each process
    if [ "$i" = 1 ] || [ "$signal" = KILL ]; then kill -s "$signal" $(pids) 2>/dev/null || true; fi
    sleep 0.2
  done
  ! running || die "processes still there: $(pids | xargs)"
}

stop() {
  end_processes TERM
  rm -rf "$DIR/session" "$DIR/data" "$DIR/tmp"
}

wait_healthy() {
  for _ in $(seq 360); do
    if healthy; then say "$VERSION ready on $URL"; return; fi
    if ! running; then tail -n 40 "$DIR/out.log" >&2; die 'ended while starting, its last lines are above'; fi
    sleep 0.5
  done
  tail -n 40 "$DIR/out.log" >&2
  stop
  die 'not ready in time, its last lines are above'
}

# main COMMAND [SIGNAL]: a script defines start_server and healthy.
main() {
  case $1 in
    status)
      if running && healthy; then say "$VERSION running on $URL"; else say 'not running'; exit 1; fi
      ;;
    stop) stop ;;
    restart) # with its data; KILL is a crash
      end_processes "$2"
      start_server
      wait_healthy
      ;;
    start)
      if running; then # as it is: a second start does not wipe what a run is using
        wait_healthy
        exit
      fi
      need curl:curl
      # -s alone: any answer at all, even an error, is somebody else's server.
      if curl -s -o /dev/null -m 3 "$URL"; then die "port $PORT is taken by something else"; fi
      stop # what an earlier run left
      mkdir -p "$DOWNLOADS" "$DIR/data" "$DIR/logs" "$DIR/tmp"
      start_server
      wait_healthy
      ;;
    *) die "usage: $0 start|stop|status|restart PORT [TERM|KILL]" ;;
  esac
}

# --- what a machine must have ----------------------------------------------------------------------------------------

# One script at a time: apt and an empty Maven folder do not like company.
alone() { flock "$ROOT/lock" "$@"; }

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing $*"
  mkdir -p "$ROOT"
  # shellcheck disable=SC2016
  alone env DEBIAN_FRONTEND=noninteractive sh -c \
    '{ apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$0" 2>&1 </dev/null' "$ROOT/apt.log" "$@"
}

# need COMMAND:DEBIAN-PACKAGE...
need() {
  local pair missing=() packages=()
  for pair; do command -v "${pair%:*}" >/dev/null || { missing+=("${pair%:*}"); packages+=("${pair#*:}"); }; done
  [ ${#missing[@]} = 0 ] || apt_install "${packages[@]}" ||
    die "missing: ${missing[*]} (Debian: apt-get install ${packages[*]}; as root on Debian this script does it, see $ROOT/apt.log)"
}

# The newest JDK of 21 or more and at most JDK_MOST, into JDK.
find_jdk() {
  local dir version best=$((${JDK_LEAST:-21} - 1))
  for dir in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -x "$dir/bin/javac" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$dir/release" 2>/dev/null)
    if [ "${version:-0}" -gt "$best" ] && [ "$version" -le "${JDK_MOST:-99}" ]; then best=$version JDK=$dir; fi
  done
  [ -n "${JDK:-}" ]
}

need_jdk() {
  find_jdk || { apt_install openjdk-21-jdk-headless && find_jdk; } || die "missing: a JDK from ${JDK_LEAST:-21} to ${JDK_MOST:-99}, in JAVA_HOME or under /usr/lib/jvm"
}

# download GROUP:ARTIFACT:VERSION SHA256: a zip of Maven Central, once, into DOWNLOADS; its path into ZIP.
# The sum is ours: Central serves none for Elasticsearch's zip, so Maven cannot check it. It happens under another name first, so that an interrupted one is not taken for a whole one.
download() {
  local artifact version zip
  IFS=: read -r _ artifact version <<<"$1"
  zip=$DOWNLOADS/$artifact-$version.zip
  if [ ! -f "$zip" ]; then
    need mvn:maven
    say "downloading $version"
    command -v java >/dev/null || export JAVA_HOME=$JDK
    alone mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
      -Dartifact="$1:zip" -DoutputDirectory="$DOWNLOADS/$NAME.part" >"$DIR/mvn.log" 2>&1 </dev/null ||
      { tail -n 20 "$DIR/mvn.log" >&2; die 'download failed, what Maven said is above'; }
    echo "$2  $DOWNLOADS/$NAME.part/$artifact-$version.zip" | sha256sum --check --status ||
      die "the download $DOWNLOADS/$NAME.part/$artifact-$version.zip does not have the SHA-256 that is noted here"
    mv "$DOWNLOADS/$NAME.part/$artifact-$version.zip" "$zip"
    rm -rf "$DOWNLOADS/$NAME.part"
  fi
  ZIP=$zip
}

# unpack GROUP:ARTIFACT:VERSION SHA256: what download gets, into DIR/ARTIFACT-VERSION.
unpack() {
  local artifact version
  IFS=: read -r _ artifact version <<<"$1"
  need unzip:unzip
  download "$@"
  [ -d "$DIR/$artifact-$version" ] && return
  rm -rf "$DIR/unpacked"
  unzip -q "$ZIP" -d "$DIR/unpacked"
  mv "$DIR/unpacked/$artifact-$version" "$DIR/"
  rmdir "$DIR/unpacked"
}

# --- what Elasticsearch and OpenSearch have in common ----------------------------------------------------------------

# With SECURE=1: TLS, and a password for the administrator. For tests alone, on this machine's own address.
SECURE_PASSWORD=flowferry-Tests-1
secure() { # USER
  URL=https://127.0.0.1:$PORT
  SECURE_CURL="--cacert $DIR/certificates/ca.pem -u $1:$SECURE_PASSWORD"
}

# A certificate for 127.0.0.1 and the authority that signed it, into DIR/certificates.
make_certificates() {
  need openssl:openssl
  [ -f "$DIR/certificates/node.pem" ] && return
  mkdir -p "$DIR/certificates"
  (
    cd "$DIR/certificates"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=flowferry-tests -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=node -keyout node.key -out node.csr
    openssl x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out node.part \
      -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
    mv node.part node.pem
  ) >"$DIR/openssl.log" 2>&1
}

search_settings() {
  cat <<YML
cluster.name: flowferry
node.name: one
network.host: 127.0.0.1
http.port: $PORT
discovery.type: single-node
path.data: $DIR/data
path.logs: $DIR/logs
# A test machine's disk may be fuller than a server likes.
cluster.routing.allocation.disk.threshold_enabled: false
${FLOWFERRY_SEARCH_SETTINGS:-}
YML
}

search_healthy() {
  curl -fsS -o /dev/null -m 5 ${SECURE_CURL:-} "$URL/_cluster/health?wait_for_status=yellow&timeout=3s" 2>/dev/null
}
