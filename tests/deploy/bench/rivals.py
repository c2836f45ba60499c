"""Stock Mezzanine and Wagtail on the host, each in a virtual environment with its own packages."""

from gunicorns import Project

HOME = "/home/rival"
USER = "useradd --create-home rival && runuser -u postgres -- createuser rival"
DATABASE = "runuser -u postgres -- createdb --owner=rival {name}"
ANALYZE = "runuser -u postgres -- psql -qXc ANALYZE {name}"
ENVIRONMENT = """
set -eu
/opt/uv/bin/uv venv --quiet --python /usr/bin/python3 {path}
/opt/uv/bin/uv pip install --quiet --system-certs --python {path} 'psycopg[binary]' {packages}
"""

GUNICORN = "/opt/uv/bin/uv pip freeze --python /srv/mysite/current/venv | grep ^gunicorn="

SETTINGS = """
SECRET_KEY = "a key for nothing but these figures"
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.postgresql", "NAME": "{name}", "HOST": "/run/postgresql",
}}}}
"""

# By itself, Mezzanine keeps pages in the memory of each process.
NO_CACHE = """
DEBUG = False
NEVERCACHE_KEY = "another"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
"""

CACHE = """
DEBUG = False
NEVERCACHE_KEY = "another"
CACHES = {"default": {
    "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
    "LOCATION": "127.0.0.1:11211", "KEY_PREFIX": "stock",
}}
"""

# The same in this project and in stock Mezzanine.
PAGE = "/about/"
CONTENT = """
from mezzanine.pages.models import RichTextPage
text = "<p>" + "All that there is to say about this. " * 20 + "</p>"
for title in ("About", "Services", "Contact"):
    parent = RichTextPage.objects.create(title=title, content=text)
    for number in range(3):
        RichTextPage.objects.create(title=f"{title} {number}", content=text, parent=parent)
"""
PAGE_ID = "from mezzanine.pages.models import Page; print(Page.objects.get(slug='about').pk)"


def prepare(host):
    """Make the user of the rivals."""
    host.run(USER)


def environment(host, name, packages):
    """Make a virtual environment of that name, and a database; return the path of the former."""
    path = f"{HOME}/environments/{name}"
    packages += " " + host.run(GUNICORN).stdout.strip()  # the one that serves the project
    host.run(ENVIRONMENT.format(path=path, packages=packages), "rival")
    host.run(DATABASE.format(name=name))
    return path


def stock_mezzanine(host):
    """Install Mezzanine 6.1.1 with its own project, and the content; return the Project."""
    packages = "mezzanine==6.1.1 pymemcache 'setuptools<80'"
    path = environment(host, "stock", packages)
    host.run("systemctl enable --quiet --now memcached")  # the project has one of its own
    host.run(f"{path}/bin/mezzanine-project stock", "rival")
    stock = Project(host, "rival", f"{HOME}/stock", path, "stock", "stock.settings")
    configure(stock, NO_CACHE)
    stock.manage("createdb", "--noinput", "--nodata")
    stock.run(CONTENT)
    host.run(ANALYZE.format(name="stock"))
    return stock


def configure(stock, cache):
    """Let stock Mezzanine keep pages, or not."""
    local_settings = stock.host.root / f"{HOME}/stock/stock/local_settings.py".lstrip("/")
    local_settings.write_text(SETTINGS.format(name="stock") + cache)


def wagtail(host):
    """Install what `wagtail start` makes; return the Project."""
    path = environment(host, "wagtail", "wagtail")
    host.run(f"{path}/bin/wagtail start bakery", "rival")
    bakery = Project(host, "rival", f"{HOME}/bakery", path, "bakery", "bakery.settings.production")
    local = host.root / f"{HOME}/bakery/bakery/settings/local.py".lstrip("/")
    local.write_text(SETTINGS.format(name="wagtail"))
    bakery.manage("migrate", "--verbosity=0")
    bakery.manage("collectstatic", "--noinput", "--verbosity=0")
    host.run(ANALYZE.format(name="wagtail"))
    return bakery
