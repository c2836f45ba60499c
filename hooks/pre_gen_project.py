"""Refuse an answer that would make a broken project, before the first file is written."""

import sys

sys.path.pop(0)  # the shared temporary directory, where anyone's json.py would be imported

import ipaddress
import json
import keyword
import re
import unicodedata

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# The modules of the project and of what it installs: a package of the same name would hide them.
TAKEN = """
    asgiref backups bcrypt bleach boto3 botocore brotli bs4 certifi cffi chardet charset_normalizer
    colorama cryptography dateutil decorator deploy deprecated django django_comments django_otp
    django_prose_editor fabfile fabric feeds filebrowser_safe grappelli_safe gunicorn homepage idna
    importers iniconfig invoke jmespath js_asset languages mail manage media media_library memcache
    mezzanine migrations_of_packages modeltranslation multisite nacl navigation nox noxfile oauthlib
    packaging page_addresses page_cache paramiko pil pluggy private psycopg psycopg_binary py
    pycparser pygments pytest pytest_django pytz requests requests_oauthlib requirements richtext
    ruff s3transfer second_factor segno six soupsieve sqlparse staff static storages test tests
    theme tinycss2 transfer tweepy typing_extensions tzdata tzlocal urllib3 visitors webencodings
    wrapt
"""

# The users, groups, roles and databases of a server: TAKEN_NAMES in deploy/config.py, by a test.
ON_SERVERS = """
    adm all audio backup bin cdrom clock crontab daemon default dialout dip disk fax floppy games
    input irc kmem kvm list lp mail man memcache messagebus msmtp netdev news nginx nobody nogroup
    none ntp operator plugdev polkitd postgres proxy public render root sasl sgx shadow src sshd
    staff sudo supervisor sync sys systemd tape template0 template1 tss tty users utempter utmp uucp
    video voice www
"""


def project_name(value):
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", value):
        return "type 1 to 31 lower-case letters, digits or underscores, a letter first: mysite"
    if keyword.iskeyword(value) or keyword.issoftkeyword(value):
        return f"Python has a keyword of that name; type another, such as {value}_site"
    if value in ON_SERVERS.split() or value.startswith("pg_"):
        return f"that name belongs to the system of a server; type another, such as {value}_site"
    if value in TAKEN.split() or value in sys.stdlib_module_names:
        return f"the project uses a module of that name; type another, such as {value}_site"


def site_title(value):
    if not value.strip() or len(value) > 200:
        return "type 1 to 200 characters"


def in_ascii(value):
    """Return a host name as browsers send it, without Python's IDNA of 2003, of which ß is ss."""
    lower = "".join(letter if letter in "ßς" else letter.casefold() for letter in value)
    labels = unicodedata.normalize("NFKC", lower).replace("\u3002", ".").split(".")
    return ".".join(x if x.isascii() else f"xn--{x.encode('punycode').decode()}" for x in labels)


def live_hostname(value):
    label, wanted = r"(?!-)[a-z0-9-]{1,63}(?<!-)", in_ascii(value)
    try:
        if wanted.rpartition(".")[2].isdigit():
            ipaddress.IPv4Address(wanted)
    except ValueError:
        wanted = ""
    if len(wanted) > 253 or not re.fullmatch(rf"{label}(\.{label})*", wanted):
        return "type a host name and nothing else, such as www.example.com"
    if len(value) > 100:
        return "Django's sites hold names of 100 characters at most; type a shorter one"
    if value != wanted:
        return f"type it as browsers send it: {wanted}"


def repo_url(value):
    if re.match(r"\w+://[^/@]*:[^/@]*@", value):
        return "type it without the password, which would go into git"
    path = r"[^\s\"'\\]+"
    url = rf"(https?|ssh|git|file)://[\w.-]*(@[\w.-]+)?(:\d+)?/{path}"
    if value and not re.fullmatch(rf"{url}|\w[\w.-]*@[\w.-]+:{path}", value):
        return "type a URL such as git@github.com:you/site.git, or nothing"


ANSWERS["project_name"] = ANSWERS["__typed_name"]  # that one may name a directory elsewhere
for check in (project_name, site_title, live_hostname, repo_url):
    if advice := check(answer := ANSWERS[check.__name__]):
        sys.exit(f"{check.__name__} cannot be {json.dumps(answer[:60])}: {advice}")
