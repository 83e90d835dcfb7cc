"""Read every setting from the environment; a missing one stops the process with its name."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.templatetags.static import static

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
SITE_IS_HTTPS = SITE_URL.startswith("https://")
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "marketplace.User"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "marketplace",
    "pipeline",
    "contributors",
    "buyers",
    "payouts",
    "moderation",
]

MIDDLEWARE = [
    "marketplace.proxies.VisitorAddress",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.context.site",
                "buyers.context.cart",
            ]
        },
    }
]

# --- data -------------------------------------------------------------------------------------------------
DATABASES = {"default": {**env.db_url("DATABASE_URL"), "ATOMIC_REQUESTS": False, "CONN_HEALTH_CHECKS": True}}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
REDIS_URL = env.str("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="") or None
S3_PUBLIC_ENDPOINT_URL = env.str("S3_PUBLIC_ENDPOINT_URL", default="") or S3_ENDPOINT_URL
S3_REGION = env.str("S3_REGION", default="us-east-1")
S3_ACCESS_KEY_ID = env.str("S3_ACCESS_KEY_ID", default="")
S3_SECRET_ACCESS_KEY = env.str("S3_SECRET_ACCESS_KEY", default="")
S3_BUCKET_ORIGINALS = env.str("S3_BUCKET_ORIGINALS", default="fairframe-originals")
S3_BUCKET_DERIVED = env.str("S3_BUCKET_DERIVED", default="fairframe-derived")
S3_BUCKET_PACKAGES = env.str("S3_BUCKET_PACKAGES", default="fairframe-packages")
S3_LINK_SECONDS = 15 * 60

# --- pages and static files -------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("STATIC_MANIFEST", default=not DEBUG)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- who may come in --------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "welcome"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Fairframe] "
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "marketplace.adapters.AccountAdapter"
ACCOUNT_FORMS = {"signup": "marketplace.forms.SignupForm"}
ACCOUNT_SESSION_REMEMBER = None
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Fairframe"
if env.bool("ACCOUNT_RATE_LIMITS_OFF", default=False):  # tests sign many people up from one address
    ACCOUNT_RATE_LIMITS = False

# A social provider is on when its id and secret are set: SOCIAL_GOOGLE_CLIENT_ID / SOCIAL_GOOGLE_SECRET …
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {}
for _provider in ("google", "github", "microsoft"):
    _client = env.str(f"SOCIAL_{_provider.upper()}_CLIENT_ID", default="")
    if _client:
        INSTALLED_APPS.append(f"allauth.socialaccount.providers.{_provider}")
        SOCIALACCOUNT_PROVIDERS[_provider] = {
            "APPS": [{"client_id": _client, "secret": env.str(f"SOCIAL_{_provider.upper()}_SECRET")}]
        }

AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_ENABLED = env.bool("AXES_ENABLED", default=True)
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"

# --- what a browser may do --------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Networks of our own proxies: behind one of them the visitor's address is read from X-Forwarded-For, else never.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]


def _origin(url: str | None) -> list[str]:
    parts = urlsplit(url or "")
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []


_S3_ORIGIN = _origin(S3_PUBLIC_ENDPOINT_URL) or ["https://*.amazonaws.com"]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *_S3_ORIGIN],
        "media-src": [SELF, "blob:", *_S3_ORIGIN],
        "connect-src": [SELF, *_S3_ORIGIN],
        "font-src": [SELF],
        "form-action": [SELF, "https://checkout.stripe.com", "https://connect.stripe.com"],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
    # Unfold's admin theme is built on Alpine, which needs eval and inline styles: the desk has its own policy.
    "EXCLUDE_URL_PREFIXES": ["/desk/"],
}

# --- e-mail -----------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
if _folder := vars().get(
    "EMAIL_FILE_PATH"
):  # filemail:///folder: the reader of addresses drops the first slash
    EMAIL_FILE_PATH = f"/{_folder.lstrip('/')}"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Fairframe <hello@fairframe.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS = [("", address) for address in env.list("ADMINS", default=[])]  # whom the nightly checks write to

# --- money ------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="") or None
STRIPE_LIVEMODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
if STRIPE_API_BASE:  # the payment page is a redirect after a form POST, so CSP must know its origin
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += _origin(STRIPE_API_BASE)
PAYOUT_HOLD_DAYS = env.int("PAYOUT_HOLD_DAYS", default=7)
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=120)
API_FILES_PER_MINUTE = env.int("API_FILES_PER_MINUTE", default=1_200)
PAYOUT_MINIMUM_MINOR = env.int("PAYOUT_MINIMUM_MINOR", default=2_500)
ENTITLEMENT_DAYS = 30
# 1 has Stripe Tax work out the tax of each sale from the buyer's address and number.
STRIPE_TAX = env.bool("STRIPE_TAX", default=False)
# What stands on invoices; the lines of the address are separated by “|”.
SELLER_NAME = env.str("SELLER_NAME", default="Fairframe")
SELLER_ADDRESS = env.str("SELLER_ADDRESS", default="")
SELLER_VAT_ID = env.str("SELLER_VAT_ID", default="")

# --- uploads ----------------------------------------------------------------------------------------------
# Lost work after a closed tab is at most one part.
UPLOAD_PART_BYTES = env.int("UPLOAD_PART_BYTES", default=16 * 1024**2)
ORIGINAL_KEEP_DAYS = env.int("ORIGINAL_KEEP_DAYS", default=30)  # after the last clip was decided
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024**2

# --- workers ----------------------------------------------------------------------------------------------
FAIRFRAME_WORK = Path(env.str("FAIRFRAME_WORK", default=str(BASE_DIR / ".data" / "work")))
# Footage of twice this length or more is shared by several workers.
SEGMENT_SECONDS = env.float("SEGMENT_SECONDS", default=90.0)
# Processes that a large publication is shared out over.
PUBLISH_PROCESSES = env.int("PUBLISH_PROCESSES", default=0) or os.cpu_count() or 1
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "io"
CELERY_TASK_ROUTES = {
    "pipeline.tasks.process_footage": {"queue": "media"},
    "pipeline.tasks.process_segment": {"queue": "media"},
    "pipeline.tasks.*": {"queue": "io"},
    "payouts.tasks.*": {"queue": "money"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "pipeline.tasks.sweep", "schedule": 30.0},
    "tell-of-withdrawals": {"task": "buyers.tasks.tell_of_withdrawals", "schedule": 60.0},
    "follow-withdrawals": {"task": "pipeline.tasks.follow_withdrawals", "schedule": 30.0},
    "sweep-packages-bucket": {"task": "pipeline.tasks.sweep_objects", "schedule": crontab(minute=10, hour=4)},
    "sweep-uploads": {"task": "contributors.tasks.expire_uploads", "schedule": 3600.0},
    "send-letters": {"task": "contributors.tasks.send_letters", "schedule": 60.0},
    "delete-files": {"task": "contributors.tasks.delete_files", "schedule": 600.0},
    "check-audit-log": {
        "task": "marketplace.tasks.check_audit_log",
        "schedule": crontab(minute=40, hour=3),
    },
    "stripe-inbox": {"task": "payouts.tasks.drain_inbox", "schedule": 60.0},
    "monthly-payouts": {
        "task": "payouts.tasks.run_payouts",
        "schedule": crontab(minute=0, hour=6, day_of_month=1),
    },
    "chase-invoices": {"task": "buyers.tasks.chase_invoices", "schedule": crontab(minute=0, hour=7)},
    "stripe-catch-up": {"task": "payouts.tasks.catch_up", "schedule": 600.0},
    "close-plan-months": {"task": "payouts.tasks.close_plan_months", "schedule": 3600.0},
    "check-books": {"task": "payouts.tasks.check_books", "schedule": 900.0},
    "reconcile": {"task": "payouts.tasks.reconcile", "schedule": crontab(minute=15, hour=3)},
    "send-transfers": {"task": "payouts.tasks.send_waiting", "schedule": crontab(minute=30, hour=6)},
}
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"axes": {"level": "WARNING"}, "PIL": {"level": "WARNING"}},
}

UNFOLD = {
    "SITE_TITLE": "Fairframe desk",
    "SITE_HEADER": "Fairframe desk",
    "SITE_URL": "/",
    "THEME": "dark",
    "STYLES": [lambda request: static("desk.css")],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")}
    ],
    "DASHBOARD_CALLBACK": "moderation.dashboard.context",
    "COLORS": {
        "base": {
            "50": "244 246 245",
            "100": "234 234 234",
            "200": "210 215 212",
            "300": "180 188 184",
            "400": "154 163 160",
            "500": "118 126 123",
            "600": "78 84 82",
            "700": "52 56 54",
            "800": "34 37 36",
            "900": "18 20 19",
            "950": "13 13 13",
        },
        "primary": {
            "50": "236 255 245",
            "100": "209 255 231",
            "200": "163 255 208",
            "300": "102 255 178",
            "400": "51 255 153",
            "500": "0 255 127",
            "600": "0 204 102",
            "700": "0 153 76",
            "800": "0 102 51",
            "900": "0 61 31",
            "950": "0 31 15",
        },
    },
}
