#!/usr/bin/env bash
# Runs pytest on SQLite and then, where a server answers, on PostgreSQL. Arguments go to pytest.
# TEST_POSTGRES_URL names the server; TEST_WORKERS the processes; in CI a missing PostgreSQL is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${TEST_POSTGRES_URL:=}" "${TEST_WORKERS:=2}"
if [[ -z "$TEST_POSTGRES_URL" ]]; then
    case "${DATABASE_URL:-}" in
        postgres*) TEST_POSTGRES_URL=$DATABASE_URL ;;
        *) TEST_POSTGRES_URL=postgresql://postgres@127.0.0.1:5432/postgres ;;
    esac
fi

answers() {
    .venv/bin/python -c 'import psycopg2, sys; psycopg2.connect(sys.argv[1], connect_timeout=3).close()' "$1" 2>/dev/null
}

failed=0
run_on() {
    echo "== tests on $1"
    DATABASE_URL=$2 .venv/bin/pytest --numprocesses "$TEST_WORKERS" --dist loadfile "${@:3}" || failed=1
}

run_on SQLite sqlite:///var/unused.sqlite3 "$@"
if answers "$TEST_POSTGRES_URL"; then
    run_on PostgreSQL "$TEST_POSTGRES_URL" "$@"
elif [[ "${CI:-}" == "true" ]]; then
    echo "== no PostgreSQL answers, and in CI it must" >&2
    failed=1
else
    echo "== tests on PostgreSQL SKIPPED: no server answers; start one or set TEST_POSTGRES_URL"
fi
exit "$failed"
