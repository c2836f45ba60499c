"""Settings of the site, in Django's own order.

https://docs.djangoproject.com/en/5.2/ref/settings/
https://mezzanine.readthedocs.io/en/latest/configuration.html

local_settings.py beside this file is of one machine only: it overrides what is here and never
enters git.
"""

from pathlib import Path

from languages.for_settings import migration_modules, set_dynamic_settings
from multisite.for_settings import HostOfAnySite, environment_site_id

PROJECT_APP_PATH = Path(__file__).resolve().parent
PROJECT_APP = PROJECT_APP_PATH.name
BASE_DIR = PROJECT_APP_PATH.parent


# Core

# Where this runs: "production" on a server, or its name in FABRIC_ENVIRONMENTS below.
ENVIRONMENT = "development"
DEBUG = False
ALLOWED_HOSTS = [HostOfAnySite()]  # the domain and the aliases of each site
TESTING = False  # Mezzanine's: True only while its own test-suite runs

INSTALLED_APPS = [
    "mezzanine.boot",  # first: it adds EXTRA_MODEL_FIELDS to the models of all others
    "multisite",
    "staff",
    "page_addresses",
    "navigation",
    "languages",
    "mail",
    "page_cache",
    "importers",
    "visitors",
    "transfer",
    "second_factor",
    "homepage",
    "richtext",
    "theme",  # before Mezzanine, whose templates it extends
    "feeds",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.redirects",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.sitemaps",
    "django.contrib.messages",
    "mezzanine.conf",
    "mezzanine.core",
    "mezzanine.generic",
    "mezzanine.pages",
    "mezzanine.blog",
    "mezzanine.forms",
    "mezzanine.galleries",
    "mezzanine.accounts",
    "django_comments",
    "media_library",
    "django_prose_editor",  # what richtext/ is made of
    "django_otp",  # what second_factor/ is made of, with the next two
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django.contrib.admin",  # after those whose templates replace the admin's
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    f"{PROJECT_APP}.middleware.HealthMiddleware",  # first: it answers under any host name
    f"{PROJECT_APP}.middleware.StrictTransportMiddleware",  # also where a name leads to another
    "multisite.middleware.SiteMiddleware",  # before all that may ask which site it is
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "page_cache.middleware.PageCacheMiddleware",  # outside of all that knows the visitor
    f"{PROJECT_APP}.content_security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    f"{PROJECT_APP}.middleware.UnicodeMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "second_factor.middleware.SecondFactorMiddleware",
    "multisite.middleware.SessionSiteMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "page_addresses.middleware.RedirectFallbackMiddleware",
    "mezzanine.core.middleware.AdminLoginInterfaceSelectorMiddleware",
    "multisite.middleware.SitePermissionMiddleware",
    "mezzanine.pages.middleware.PageMiddleware",
    f"{PROJECT_APP}.middleware.MissingParameterMiddleware",
    f"{PROJECT_APP}.middleware.NumberMiddleware",
]
# Mezzanine's UpdateCacheMiddleware and FetchFromCacheMiddleware are left out on purpose: they keep
# the page of a visitor who has commented, with name and e-mail address, and show it to the next.
# PageCacheMiddleware keeps what is the same for everybody, and nothing else.

ROOT_URLCONF = f"{PROJECT_APP}.urls"
WSGI_APPLICATION = f"{PROJECT_APP}.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": ["multisite.template_loader.Loader"],  # the theme of the site, then all
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.i18n",
                "django.template.context_processors.media",
                "django.template.context_processors.request",
                "django.template.context_processors.static",
                "django.template.context_processors.tz",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mezzanine.conf.context_processors.settings",
                "mezzanine.pages.context_processors.page",
                "staff.sidebar.context",
            ],
        },
    },
]


# Database, cache and sessions: SQLite and memory here, PostgreSQL and memcached on a server
# (deploy/local_settings.py.template).

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "dev.db",
    }
}
# Mezzanine's migrations were written for AutoField; any other would ask for new ones there.
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
# What makemigrations wrote for fields that the project adds to models of packages.
MIGRATION_MODULES = migration_modules(BASE_DIR)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CACHE_MIDDLEWARE_KEY_PREFIX = PROJECT_APP
PAGE_CACHE_SECONDS = 0  # after which a public page is checked; a server has a minute
SEVERAL_HOSTS = False  # which have the database in common, and each a cache of its own
PAGE_CACHE_EDITS = "/nonexistent"  # where NGINX looks for seconds with edits; a lock is there, too
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"


# HTTPS. How long browsers are to insist on it, in seconds: None is an hour, a day and then a year,
# as the certificate of a name is renewed; 0 is never. Where browsers trust no certificate, never.
# https://docs.djangoproject.com/en/5.2/ref/middleware/#http-strict-transport-security

SECURE_HSTS_SECONDS = None
CERTIFICATES = ""  # the directory in which a server keeps those of the sites


# What browsers let a page load and run. A template of yours that has scripts of another site needs
# it in "script-src", and often in "connect-src"; scripts in the page itself do not run, so put them
# into a file of static/. Analytics and Disqus, if chosen in the admin, are added by themselves, and
# so is "frame-ancestors", by X_FRAME_OPTIONS and Django's decorators for it.
# https://docs.djangoproject.com/en/6.0/ref/settings/#secure-csp

SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "style-src-attr": ["'unsafe-inline'"],  # a column's width, a colour: of texts and of scripts
    "img-src": ["'self'", "data:", "https:"],
    "media-src": ["'self'", "https:"],
    "font-src": ["'self'"],
    "frame-src": ["'self'", "https:"],  # a film, which is loaded on a click
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
}
# What is different for staff in the admin and where they edit in the page: the editor makes styles.
SECURE_CSP_ADMIN = {"style-src": ["'self'", "'unsafe-inline'"]}


# Accounts

ACCOUNTS_PROFILE_FORM_CLASS = f"{PROJECT_APP}.accounts.ProfileForm"
AUTHENTICATION_BACKENDS = [f"{PROJECT_APP}.accounts.UsernameOrEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "transfer.hashers.SHA1",  # of old sites, which manage.py adopt brings in
    "transfer.hashers.MD5",
    "transfer.hashers.UnsaltedSHA1",
    "transfer.hashers.UnsaltedMD5",
]
SECOND_FACTOR = False  # True: staff log in with a code from an app on their telephone as well


# Mail: these say which server takes it; on a live site they are secrets (fab secret EMAIL_HOST).
# https://docs.djangoproject.com/en/5.2/topics/email/#smtp-backend

EMAIL_BACKEND = "mail.backends.Queue"  # keeps mail in the database, so that no visitor waits
MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # sends what is kept
EMAIL_HOST = "localhost"
EMAIL_PORT = 25
EMAIL_HOST_USER = ""
EMAIL_HOST_PASSWORD = ""
EMAIL_USE_TLS = False  # True for port 587, and EMAIL_USE_SSL for port 465
EMAIL_TIMEOUT = 30  # seconds for each answer of the server
DEFAULT_FROM_EMAIL = "webmaster@{{ cookiecutter.live_hostname }}"  # which the server accepts
SERVER_EMAIL = ""  # the sender of mail to ADMINS; empty: DEFAULT_FROM_EMAIL
ADMINS = []  # who gets mail about errors and alarms: ("Ann", "ann@example.com")


# Alarms: where else a live site tells what is wrong, and where it gives a sign of life every few
# minutes. Who knows such an address can use it: fab secret ALARM_URL. See README.md, Alarms.

ALARM_URL = ""
ALARM_PING_URL = ""


# Language and time. With several LANGUAGES, a visitor gets the one that the browser asks for. True
# for USE_MODELTRANSLATION gives pages, posts, forms and galleries a text in each of them.

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]  # before what Django and Mezzanine have
USE_I18N = True
USE_MODELTRANSLATION = False
TIME_ZONE = "UTC"


# Static files and uploads

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o644
STORAGES = {
    "default": {"BACKEND": "media_library.storage.WholeFiles"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# What the media library takes, and of which types a form may offer files. No HTML, scripts or SVG:
# they would run as part of the site. Pictures that Pillow cannot read are refused as well. NGINX's
# client_max_body_size is a little larger than the largest file.
FILEBROWSER_MAX_UPLOAD_SIZE = 100 * 1024 * 1024  # bytes of a file
FILEBROWSER_EXTENSIONS = {
    "Image": ".jpg .jpeg .png .gif .webp .avif .heic .heif .tif .tiff .svg".split(),
    "Video": ".mp4 .m4v .webm .ogv .mov .wmv .mpeg .mpg .avi .rm".split(),
    "Audio": ".mp3 .m4a .m4p .ogg .opus .flac .wav .aiff .midi".split(),
    "Document": (
        ".pdf .txt .rtf .csv .md .doc .docx .xls .xlsx .ppt .pptx .odt .ods .odp .epub .ics .vcf"
    ).split(),
    "Archive": ".zip .7z .gz".split(),
    "Font": [".woff2"],
    "Code": [],
}
FILEBROWSER_SELECT_FORMATS = {
    "Font": ["Font"],
    "File": ["Image", "Video", "Audio", "Document", "Archive"],
    "file": ["Image", "Video", "Audio", "Document", "Archive"],  # as editors of rich text ask
}
# Bytes of the texts of a form: what NGINX takes of a visitor. Files of staff may be larger.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a gallery is saved with five for each of its pictures
FORMS_UPLOAD_ROOT = BASE_DIR / "private"  # what visitors send through forms: staff alone see it
FORM_ENTRIES_DAYS = 0  # after which that is deleted, with its files, each night; 0: never


# Sites and Mezzanine

# A request is for the site that staff have chosen in the admin, else for that of its host, of the
# MEZZANINE_SITE_ID in the environment (which manage.py --site sets), or for this one.
SITE_ID = 1
environment_site_id()  # stops here where MEZZANINE_SITE_ID is no ID
SITE_FALLBACK = False  # True: a host of no site shows SITE_ID, even with many sites when live
# ("domain", "package"): an app whose templates the site that has this domain when live has before
# all others, on your machine and in other environments too.
HOST_THEMES = []
SITE_THEMES = []  # packages that the settings in the admin offer as themes, site by site
MEDIA_LIBRARY_PER_SITE = True
BLOG_USE_FEATURED_IMAGE = True  # a picture for each post, if you like
RICHTEXT_WIDGET_CLASS = "richtext.widgets.RichTextWidget"  # or an editor of your own
RICHTEXT_FILTERS = ["mezzanine.utils.html.thumbnails", "theme.text.finish"]
TRANSFER_KINDS = {}  # {"shop.Order": "visitors"}: what fab push leaves alone; transfer/README.md
COMMENTS_APP = "mezzanine.generic"
COMMENT_FORM_CLASS = "page_cache.forms.CommentForm"
PACKAGE_NAME_FILEBROWSER = "media_library"
GRAPPELLI_INSTALLED = False  # the admin is Django's own, and Mezzanine asks


# Deploying: what fabfile.py reads. Your own user, key and passwords belong into a FABRIC of
# local_settings.py: its keys win over these, and it stays out of git. Public keys of those who may
# log in as SSH_USER belong into deploy/keys/.

FABRIC = {
    "SSH_USER": "",  # SSH user name; empty: the one of ~/.ssh/config, else your own
    "SSH_PASS": "",  # SSH password; a key is better
    "SSH_KEY_PATH": "",  # local path of an SSH key
    # The server to deploy to. Several serve one site together, and need DATABASE and UPLOADS; see
    # README.md, "Several web hosts".
    "HOSTS": ["{{ cookiecutter.live_hostname }}"],
    "VIRTUALENV_HOME": "",  # absolute remote path for a new site; empty: /srv
    "PROJECT_NAME": PROJECT_APP,  # unique among the projects of a server
    "REQUIREMENTS_PATH": "requirements/project.txt",
    "GUNICORN_PORT": 8000,  # unique among the projects of a server
    "LOCALE": "en_US.utf8",  # ends with .utf8
    "LIVE_HOSTNAME": "{{ cookiecutter.live_hostname }}",  # of the public site
    "REPO_URL": "{{ cookiecutter.repo_url }}",  # git or Mercurial; empty: your own commits
    "DB_PASS": "",  # password of the live database; empty: made on the server
    "ADMIN_PASS": "",  # password of the live admin user; empty: made at a terminal, shown once
    "MEMCACHED_MEGABYTES": 64,  # memory of the cache
    # Who signs the certificates of the sites: a directory of ACME, RFC 8555.
    "ACME_DIRECTORY": "https://acme-v02.api.letsencrypt.org/directory",
    # A CDN, proxies or load balancers in front: their addresses or networks, or "cloudflare".
    "PROXIES": [],
    # Where node_exporter of Prometheus looks for text files; empty: nowhere.
    "METRICS_DIRECTORY": "",
    # A second place for the backups, as restic names it, such as "sftp://me@nas.example//backups",
    # "s3:https://s3.example.com/bucket" or "rest:https://rest.example/me/"; empty: none.
    "BACKUP_TO": "",
    # Where the database is, if not on the server: "postgresql://user@db.example.com/name", the
    # password in DB_PASS. Its certificate is verified; see deploy/README.md.
    "DATABASE": "",
    # Object storage for uploads, such as "s3://bucket?endpoint=https://s3.example.com&region=eu";
    # empty: a directory of the server.
    "UPLOADS": "",
    # The private network that several HOSTS have of their own, such as "10.0.0.0/24": they reach
    # each other by it; empty: by the addresses by which fab reaches them.
    "NETWORK": "",
}

# More servers for the same project, each with a name of your own: `fab staging deploy`. What an
# environment does not name it has from FABRIC. On a host of another one, it has to name its own
# PROJECT_NAME, GUNICORN_PORT and LIVE_HOSTNAME. local_settings.py may add keys to one.

FABRIC_ENVIRONMENTS = {
    # "staging": {
    #     "HOSTS": ["staging.example.com"],
    #     "LIVE_HOSTNAME": "staging.example.com",
    # },
}


def merged(project, machine):
    """Return the keys of two dicts, also of those within; else what is the machine's."""
    if not isinstance(project, dict) or not isinstance(machine, dict):
        return machine
    return project | {key: merged(project.get(key), value) for key, value in machine.items()}


# This machine's own settings come last. To add to one of the lists above:
# `from .settings import INSTALLED_APPS`, then `INSTALLED_APPS.append("debug_toolbar")`.

if (PROJECT_APP_PATH / "local_settings.py").exists():
    project_fabric, project_environments = FABRIC, FABRIC_ENVIRONMENTS
    from .local_settings import *  # noqa: F403

    FABRIC = merged(project_fabric, FABRIC)
    FABRIC_ENVIRONMENTS = merged(project_environments, FABRIC_ENVIRONMENTS)

# What follows from others.

SERVER_EMAIL = SERVER_EMAIL or DEFAULT_FROM_EMAIL
set_dynamic_settings(globals())

for cache in CACHES.values():  # no site reads what another has stored
    cache.setdefault("KEY_FUNCTION", "multisite.cache_keys.key_of_site")
