"""Settings: one file, every difference between machines comes from the environment.

`docs/operations.md` lists the variables; `tsh_erp/checks.py` and `zoho_sync/checks.py`
refuse dangerous combinations.
"""

from __future__ import annotations

import logging
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from tsh_erp.env import Environment
from tsh_erp.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = Environment.load(BASE_DIR / ".env")

# --- the environment -------------------------------------------------------------------------

ENVIRONMENT = env.choice("ENVIRONMENT", "development", ("development", "staging", "production"))
IS_DEVELOPMENT = ENVIRONMENT == "development"
DEBUG = env.boolean("DEBUG", default=IS_DEVELOPMENT)
APP_NAME = env.text("APP_NAME", "TSH ERP System")
_project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
APP_VERSION = env.text("APP_VERSION", _project["version"])

SECRET_KEY = env.secret("SECRET_KEY", "insecure-development-key" if IS_DEVELOPMENT else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(f"SECRET_KEY: required when ENVIRONMENT is {ENVIRONMENT}")
ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if IS_DEVELOPMENT else "")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(f"ALLOWED_HOSTS: required when ENVIRONMENT is {ENVIRONMENT}")
CSRF_TRUSTED_ORIGINS = env.texts("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = env.texts("TRUSTED_PROXIES")
METRICS_TOKEN = env.secret("METRICS_TOKEN")
FIELD_ENCRYPTION_KEYS = env.secrets("FIELD_ENCRYPTION_KEYS")

# --- Django ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "tsh_erp.admin_site.apps.AdminSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "knox",
    "phonenumber_field",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "simple_history",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "django_structlog",
    "import_export",
    "tsh_erp.common.apps.CommonConfig",
    "tsh_erp.events.apps.EventsConfig",
    "tsh_erp.jobs.apps.JobsConfig",
    "tsh_erp.auditing.apps.AuditingConfig",
    "tsh_erp.signin.apps.SigninConfig",
    "catalog.apps.CatalogConfig",
    "commerce.apps.CommerceConfig",
    "zoho_sync.apps.ZohoSyncConfig",
    "mobile_bff.apps.MobileBffConfig",
    "zoho_sandbox.apps.ZohoSandboxConfig",
]
MIDDLEWARE = [
    "tsh_erp.request_metrics.RequestMetricsMiddleware",
    "tsh_erp.request_log.RequestLogMiddleware",
    "tsh_erp.compression.CompressionMiddleware",
    "tsh_erp.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "tsh_erp.auditing.middleware.AuditMiddleware",
    "tsh_erp.signin.gate.SecondFactorMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
ROOT_URLCONF = "tsh_erp.urls"
WSGI_APPLICATION = "tsh_erp.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "tsh_erp" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = IS_DEVELOPMENT  # no collectstatic on a desk
MEDIA_ROOT = env.text("MEDIA_ROOT", str(VAR_DIR / "media"))
MEDIA_URL = "media/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- signing in --------------------------------------------------------------------------------

# Who must give a second factor: nobody, all staff, or superusers only. Whoever has set one up gives it anyway.
ADMIN_REQUIRE_TWO_FACTOR = env.choice("ADMIN_REQUIRE_TWO_FACTOR", "none", ("none", "staff", "superusers"))
ADMIN_LOCK_OUT_AFTER = env.integer("ADMIN_LOCK_OUT_AFTER", 5, least=1, most=100)
ADMIN_LOCK_OUT_MINUTES = env.integer("ADMIN_LOCK_OUT_MINUTES", 15, least=1, most=24 * 60)
AUDIT_RETENTION_DAYS = env.integer("AUDIT_RETENTION_DAYS", 730, least=1)

AXES_FAILURE_LIMIT = ADMIN_LOCK_OUT_AFTER
AXES_COOLOFF_TIME = timedelta(minutes=ADMIN_LOCK_OUT_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_NEVER_LOCKOUT_GET = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "tsh_erp.callers.client_address"
AXES_LOCKOUT_CALLABLE = "tsh_erp.signin.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # the audit has it
AXES_ENABLE_ADMIN = False  # a page of our own unlocks
AXES_SENSITIVE_PARAMETERS = ["username", "password", "csrfmiddlewaretoken", "next"]
AXES_VERBOSE = False
OTP_TOTP_ISSUER = APP_NAME

# --- database ----------------------------------------------------------------------------------


def database_settings(url: str) -> dict[str, Any]:
    """Django's database settings for `url`: SQLite made safe for several processes, or PostgreSQL."""
    try:
        database: dict[str, Any] = dict(environ.Env.db_url_config(url))
    except (environ.ImproperlyConfigured, ValueError, KeyError) as error:
        raise ImproperlyConfigured("DATABASE_URL: not a database address") from error
    options: dict[str, Any] = dict(database.get("OPTIONS") or {})
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        name = str(database["NAME"])
        if name != ":memory:" and not Path(name).is_absolute():
            database["NAME"] = str(BASE_DIR / name)
        Path(str(database["NAME"])).parent.mkdir(parents=True, exist_ok=True)
        # One writer at a time: every transaction takes the write lock when it begins, so that
        # it can wait for it; a reader that turns into a writer half-way would fail at once.
        options |= {
            "transaction_mode": "IMMEDIATE",
            # Workers and commands wait for the one writer; the web does not (wsgi.py), since Zoho hangs up at 10 s.
            "timeout": env.integer("SQLITE_TIMEOUT_SECONDS", 20, least=1),
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    elif parts.scheme in ("postgres", "postgresql"):
        host = dict(parse_qsl(parts.query)).get("host")
        if host:  # a socket folder cannot stand in the address itself
            database["HOST"] = host
            options.pop("host", None)
        options.setdefault("connect_timeout", 5)  # seconds; a health check must not hang
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured(f"DATABASE_URL: {parts.scheme!r} is neither sqlite nor postgresql")
    database["OPTIONS"] = options
    return database


DATABASES = {"default": database_settings(env.secret("DATABASE_URL", "sqlite:///var/tsh_erp.sqlite3"))}
DISABLE_SERVER_SIDE_CURSORS = True

_default_cache = "locmemcache://" if IS_DEVELOPMENT else "dbcache://cache"
CACHES = {"default": environ.Env.cache_url_config(env.secret("CACHE_URL", _default_cache))}
if CACHES["default"]["BACKEND"].rpartition(".")[2] in ("DatabaseCache", "LocMemCache"):
    # Django's 300 would throw away counts of callers that are still running.
    CACHES["default"].setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", 10_000)

# --- language and time -------------------------------------------------------------------------

LANGUAGE_CODE = "ar"
LANGUAGES = [("ar", _("Arabic")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["tsh_erp.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Baghdad"

# Zoho's items state their rates without a currency.
CATALOG_CURRENCY = env.text("CATALOG_CURRENCY", "")
if CATALOG_CURRENCY and not re.fullmatch("[A-Z]{3}", CATALOG_CURRENCY):
    raise ImproperlyConfigured(f"CATALOG_CURRENCY: {CATALOG_CURRENCY!r} is no currency code such as USD")

# The days past due that part the columns of every ageing table: 1–30, 31–60, 61–90, more.
_ageing_days = env.texts("AGEING_DAYS", "30,60,90")
if not _ageing_days or not all(re.fullmatch(r"[1-9]\d{0,3}", days) for days in _ageing_days):
    raise ImproperlyConfigured("AGEING_DAYS: days that rise, such as 30,60,90")
AGEING_DAYS = tuple(int(days) for days in _ageing_days)
if sorted(set(AGEING_DAYS)) != list(AGEING_DAYS):
    raise ImproperlyConfigured("AGEING_DAYS: days that rise, such as 30,60,90")

# The head of what is printed.
COMPANY_NAME = env.text("COMPANY_NAME", APP_NAME)
COMPANY_ADDRESS = env.text("COMPANY_ADDRESS")
COMPANY_PHONE = env.text("COMPANY_PHONE")

# --- security ----------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_DEVELOPMENT
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=not IS_DEVELOPMENT)
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if IS_DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not IS_DEVELOPMENT
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# A webhook may be 1 MiB; the view answers 413 beyond that, before the body is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- REST --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # Programs send a token; the first of them says how to sign in.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mobile_bff.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "tsh_erp.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tsh_erp.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
# Requests a minute: of a guest's address, of a signed-in user, and of what is dear or guessable.
MOBILE_LIMITS = {"anon": 60, "user": 300, "search": 60, "calculate": 60, "login": 5}
# Phones hold one hashed token per device; `mobile_bff.authentication` reads them.
KNOX_TOKEN_MODEL = "commerce.DeviceToken"  # noqa: S105 — a model
REST_KNOX = {"TOKEN_TTL": timedelta(days=30), "AUTH_HEADER_PREFIX": "Bearer"}
PHONENUMBER_DEFAULT_REGION = "IQ"
SPECTACULAR_SETTINGS = {
    "TITLE": APP_NAME,
    "VERSION": APP_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [
        "rest_framework.permissions.AllowAny" if IS_DEVELOPMENT else "rest_framework.permissions.IsAdminUser"
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tsh_erp.rest.schema.describe_problems",
        "mobile_bff.schema.describe_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "RunStatus": "zoho_sync.models.runs.SyncRun.Status",
        "JobStatus": "zoho_sync.models.queue.Status",
        "OrderStatus": "commerce.choices.OrderStatus",
        "RunKind": "zoho_sync.models.runs.SyncRun.Kind",
        "StockStatus": ["in_stock", "low", "out"],
        "RefusalReason": "mobile_bff.shapes.REFUSALS",
        "ReviewStatus": "commerce.choices.ReviewStatus",
        "CartState": "commerce.choices.CartState",
        "PromotionKind": "commerce.choices.PromotionKind",
        "PaymentKind": "commerce.choices.PaymentKind",
        "AddressKind": "commerce.models.contacts.ZohoAddress.Kind",
        "AdjustmentType": "commerce.models.adjustments.InventoryAdjustment.Type",
        "ProductKind": "catalog.choices.ProductKind",
        "ProductType": "catalog.choices.ProductType",
        "PriceListKind": "catalog.choices.PriceListKind",
        "LedgerReason": "catalog.choices.LedgerReason",
    },
}

# --- import and export ---------------------------------------------------------------------------

IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "change"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"

# --- logs --------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMAT = env.choice("LOG_FORMAT", "console" if IS_DEVELOPMENT else "json", ("console", "json"))
LOGGING = logging_settings(level=LOG_LEVEL, log_format=LOG_FORMAT)
LOGGING_CONFIG = "tsh_erp.logs.configure"
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestLogMiddleware has looked at it first
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # it would believe any X-Forwarded-For
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # the line at the end says it all

# --- Zoho --------------------------------------------------------------------------------------

WEBHOOK_API_KEYS = env.secrets("WEBHOOK_API_KEY")
ZOHO_WEBHOOK_SECRETS = env.secrets("ZOHO_WEBHOOK_SECRET")
ZOHO_CLIENT_ID = env.text("ZOHO_CLIENT_ID")
ZOHO_CLIENT_SECRET = env.secret("ZOHO_CLIENT_SECRET")
ZOHO_REFRESH_TOKEN = env.secret("ZOHO_REFRESH_TOKEN")
ZOHO_ORGANIZATION_ID = env.text("ZOHO_ORGANIZATION_ID")
ZOHO_DATA_CENTRES = {
    "com": ("https://accounts.zoho.com", "https://www.zohoapis.com"),
    "eu": ("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    "in": ("https://accounts.zoho.in", "https://www.zohoapis.in"),
    "com.au": ("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
    "jp": ("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
    "ca": ("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    "sa": ("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
    "com.cn": ("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
}
ZOHO_REGION = env.choice("ZOHO_REGION", "com", tuple(ZOHO_DATA_CENTRES))
ZOHO_ACCOUNTS_URL = env.url("ZOHO_ACCOUNTS_URL", ZOHO_DATA_CENTRES[ZOHO_REGION][0])
ZOHO_API_URL = env.url("ZOHO_API_URL", ZOHO_DATA_CENTRES[ZOHO_REGION][1])

TDS_BATCH_SIZE = env.integer("TDS_BATCH_SIZE", 10, least=1, most=500)
TDS_QUEUE_POLL_INTERVAL_MS = env.integer("TDS_QUEUE_POLL_INTERVAL_MS", 1000, most=30_000)
TDS_LOCK_TIMEOUT_SECONDS = env.integer("TDS_LOCK_TIMEOUT_SECONDS", 300, least=1)
TDS_MAX_RETRY_ATTEMPTS = env.integer("TDS_MAX_RETRY_ATTEMPTS", 5, least=1)
TDS_RETRY_BASE_SECONDS = env.integer("TDS_RETRY_BASE_SECONDS", 30, least=1)
TDS_RETRY_CAP_SECONDS = env.integer("TDS_RETRY_CAP_SECONDS", 3600, least=1)
TDS_WORKERS = env.integer("TDS_WORKERS", 2, least=1, most=64)
TDS_HEARTBEAT_SECONDS = env.integer("TDS_HEARTBEAT_SECONDS", 180, least=3)

# Limits of Zoho's API, retention, healing and safety shares.
ZOHO_REQUESTS_PER_MINUTE = env.integer("ZOHO_REQUESTS_PER_MINUTE", 100, least=1)
ZOHO_REQUESTS_PER_DAY = env.integer("ZOHO_REQUESTS_PER_DAY", 10_000, least=1)
ZOHO_MAX_CONCURRENT = env.integer("ZOHO_MAX_CONCURRENT", 5, least=1)
ZOHO_SWEEP_MAX_SHARE = env.fraction("ZOHO_SWEEP_MAX_SHARE", 0.05)
DRIFT_WARNING = env.fraction("DRIFT_WARNING", 0.01)
DRIFT_CRITICAL = env.fraction("DRIFT_CRITICAL", 0.05)
TDS_INBOX_RETENTION_DAYS = env.integer("TDS_INBOX_RETENTION_DAYS", 30, least=1)
TDS_LOG_RETENTION_DAYS = env.integer("TDS_LOG_RETENTION_DAYS", 90, least=1)
TDS_METRIC_RETENTION_DAYS = env.integer("TDS_METRIC_RETENTION_DAYS", 30, least=1)
TDS_STUCK_AFTER_MINUTES = env.integer("TDS_STUCK_AFTER_MINUTES", 60, least=1)
TDS_DLQ_RETRY_AFTER_HOURS = env.integer("TDS_DLQ_RETRY_AFTER_HOURS", 24, least=1)
TDS_DLQ_MAX_AUTO_RETRIES = env.integer("TDS_DLQ_MAX_AUTO_RETRIES", 3)

# --- alerts --------------------------------------------------------------------------------------

ALERT_EMAILS = env.texts("ALERT_EMAILS")
ALERT_WEBHOOK_URL = env.secret("ALERT_WEBHOOK_URL")
if ALERT_WEBHOOK_URL and not re.fullmatch(r"https?://[^/\s]+\S*", ALERT_WEBHOOK_URL):
    raise ImproperlyConfigured("ALERT_WEBHOOK_URL: not an http(s) address")
_email_url = env.secret("EMAIL_URL")
EMAIL_IS_CONFIGURED = bool(_email_url)
try:
    _email = environ.Env.email_url_config(_email_url or "dummymail://")
except (environ.ImproperlyConfigured, ValueError, KeyError) as error:
    raise ImproperlyConfigured("EMAIL_URL: not a mail server's address") from error
EMAIL_BACKEND = str(_email["EMAIL_BACKEND"])
EMAIL_FILE_PATH = str(_email["EMAIL_FILE_PATH"] or "") or None
EMAIL_HOST, EMAIL_PORT = str(_email["EMAIL_HOST"] or ""), int(_email["EMAIL_PORT"] or 25)
EMAIL_HOST_USER = str(_email["EMAIL_HOST_USER"] or "")
EMAIL_HOST_PASSWORD = str(_email["EMAIL_HOST_PASSWORD"] or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = bool(_email.get("EMAIL_USE_TLS")), bool(_email.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10  # seconds; whoever sends has other things to do
_sender = EMAIL_HOST_USER if "@" in EMAIL_HOST_USER else "tsh-erp@localhost"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", _sender)

env.refuse_unknown(
    prefixes=("ADMIN_", "ALERT_", "AUDIT_", "DRIFT_", "EMAIL_", "TDS_", "WEBHOOK_", "ZOHO_"),
    # Read by the Procfile and by gunicorn; the last is a promised name that nothing uses yet.
    besides=("PORT", "SANDBOX_ITEMS", "WEB_CONCURRENCY", "SENTRY_DSN"),
)

# --- django-q2: it rings, our own queue is the only retry engine ---------------------------------

_q_shared = {
    "orm": "default",
    # Longer than a drain and its last call to Zoho, or a slow Zoho would look like a dying worker.
    "timeout": 180,
    "retry": 360,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "sync": False,
    "save_limit": -1,
    "bulk": 1,
    "poll": 0.2,
    "recycle": 5000,
    "guard_cycle": 1,
    "time_zone": TIME_ZONE,
    "label": _("Background jobs"),
}
Q_CLUSTER = _q_shared | {
    "name": "tsh_erp",
    "workers": TDS_WORKERS,
    "ALT_CLUSTERS": {
        # Long jobs (pulls) have a cluster of their own, so that they never hold a queue worker.
        "long": _q_shared | {"workers": 2, "timeout": 6 * 3600, "retry": 7 * 3600},
    },
}
