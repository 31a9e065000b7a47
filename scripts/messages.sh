#!/usr/bin/env bash
# Collects the texts of our code and templates into locale/ar and compiles them. Needs gettext.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v msgfmt >/dev/null || { echo "Install gettext first (Debian: apt-get install gettext)." >&2; exit 1; }
export ENV_FILE=/dev/null
.venv/bin/python manage.py makemessages --verbosity 0 --locale ar --add-location file --no-obsolete \
    --ignore .venv --ignore var --ignore 'tests' --ignore benchmarks --ignore conftest.py
sed -i '/^"POT-Creation-Date/d' locale/ar/LC_MESSAGES/django.po
msgfmt --check --output-file locale/ar/LC_MESSAGES/django.mo locale/ar/LC_MESSAGES/django.po
