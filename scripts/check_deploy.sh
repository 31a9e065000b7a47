#!/usr/bin/env bash
# Django's deployment checks, and ours, under settings as a production server would have them.
set -euo pipefail
cd "$(dirname "$0")/.."

random() { .venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))'; }
ENV_FILE=/dev/null ENVIRONMENT=production SECRET_KEY=$(random) ZOHO_WEBHOOK_SECRET=$(random) \
    FIELD_ENCRYPTION_KEYS=$(.venv/bin/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
    ALLOWED_HOSTS=erp.example.com CSRF_TRUSTED_ORIGINS=https://erp.example.com \
    DATABASE_URL=postgresql://user@127.0.0.1/name LOG_LEVEL=ERROR \
    .venv/bin/python manage.py check --deploy --fail-level WARNING
