"""The door for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsh_erp.settings")
os.environ.setdefault("SQLITE_TIMEOUT_SECONDS", "5")
application = get_wsgi_application()

from tsh_erp.checks import refuse_dangerous_settings  # noqa: E402  (needs the apps that Django has just loaded)

refuse_dangerous_settings()
