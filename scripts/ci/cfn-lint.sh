#!/usr/bin/env bash
# Checks the examples' CloudFormation templates with AWS's linter, in a Python environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
env=.cache/cfn-lint-1.58.0
[ -x "$env/bin/cfn-lint" ] || { python3 -m venv "$env" && "$env/bin/pip" install --quiet cfn-lint==1.58.0; }
"$env/bin/cfn-lint" examples/*/template.yaml
