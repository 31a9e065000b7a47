#!/usr/bin/env bash
# Fails when a text of ours has no Arabic translation, a fuzzy one, or when the committed catalogues are old.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard -- '*.py' '*.html' '*.txt' '*.po' '*.sh' pyproject.toml \
    | tar --create --null --ignore-failed-read --files-from=- --warning=no-failed-read | tar --extract --directory="$copy"
ln -s "$PWD/.venv" "$copy/.venv"
"$copy/scripts/messages.sh"

failed=0
folder=locale/ar/LC_MESSAGES
for name in django.po django.mo; do
    if ! cmp --silent "$folder/$name" "$copy/$folder/$name"; then
        echo "$folder/$name is not up to date: run 'make messages' and commit" >&2
        failed=1
    fi
done
for kind in untranslated fuzzy; do
    option=--$kind
    [[ $kind == fuzzy ]] && option=--only-fuzzy
    missing=$(msgattrib "$option" --no-obsolete --no-wrap "$copy/$folder/django.po" | grep '^msgid "..*"' || true)
    if [[ -n "$missing" ]]; then
        printf 'in Arabic %s:\n%s\n' "$kind" "$missing" >&2
        failed=1
    fi
done
exit "$failed"
