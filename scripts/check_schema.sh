#!/usr/bin/env bash
# The description of the API is valid, and the one that app developers read (docs/openapi.yaml) is the one we serve.
# `scripts/check_schema.sh write` writes it anew.
set -euo pipefail
cd "$(dirname "$0")/.."
made=$(mktemp)
trap 'rm -f "$made"' EXIT
# The same everywhere, whatever this machine's environment says.
env -i PATH="$PATH" ENV_FILE=/dev/null python manage.py spectacular --validate --fail-on-warn --lang en --file "$made"
if [[ "${1:-}" == write ]]; then
    install -m 644 "$made" docs/openapi.yaml
elif ! diff -u docs/openapi.yaml "$made" | head -60; then
    echo "The API is not what docs/openapi.yaml says: look at the difference, then run make schema." >&2
    exit 1
fi
