"""Refuse an answer that would make a broken project, before the first file is written."""

import sys

sys.path.pop(0)  # the shared temporary directory, where anyone's json.py would be imported

import ipaddress  # noqa: E402
import json  # noqa: E402
import keyword  # noqa: E402
import re  # noqa: E402

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# Top-level modules of the project and of what it installs: a package of the same name would hide them.
TAKEN = """
    asgiref bleach bs4 certifi chardet charset_normalizer deploy django django_comments docs fabfile fabric
    filebrowser_safe grappelli_safe gunicorn idna invoke manage media memcache mezzanine multisite nox
    noxfile oauthlib paramiko pil postgres psycopg psycopg_binary psycopg_pool pytest pytest_django pytz
    refused_name requests requests_oauthlib requirements root ruff soupsieve sqlparse static template0
    template1 tests theme tinycss2 tweepy typing_extensions tzdata tzlocal urllib3 webencodings
""".split()


def project_name(value):
    if re.fullmatch(r"[a-z][a-z0-9_]{0,30}", value) is None:
        return "type 1 to 31 lower-case letters, digits and underscores, starting with a letter"
    if keyword.iskeyword(value) or keyword.issoftkeyword(value):
        return f"that is a word of the Python language; type another, such as {value}_site"
    if value in TAKEN or value in sys.stdlib_module_names:
        return f"a module that the project needs has that name; type another, such as {value}_site"


def site_title(value):
    if not value.strip() or len(value) > 200:
        return "type 1 to 200 characters"


def live_hostname(value):
    advice = "type a host name alone, such as www.example.com"
    try:
        ascii_name = value.encode("idna").decode()
    except UnicodeError:
        return advice
    if ascii_name != value:
        return f"type it in the form that certificates use: {ascii_name.lower()}"
    label = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
    if len(value) > 253 or re.fullmatch(rf"{label}(\.{label})*", value) is None:
        return advice
    if value.rpartition(".")[2].isdigit():
        try:
            ipaddress.IPv4Address(value)
        except ValueError:
            return advice


def repo_url(value):
    scheme_form = r"(https?|ssh|git|file)://[^\s@:/]*(@[^\s@/]+)?[^\s@]*"
    scp_form = r"[\w.-]+@[\w.-]+:[^\s@]+"
    if re.match(r"\w+://[^/@]*:[^/@]*@", value):
        return "a URL in the settings holds no password; type it without, and let SSH or a credential helper log in"
    if value and re.fullmatch(f"{scheme_form}|{scp_form}", value) is None:
        return "type a URL such as git@github.com:you/site.git or https://example.com/site.git, or nothing"


for check, value in [
    (project_name, ANSWERS["__typed_name"]),
    (site_title, ANSWERS["site_title"]),
    (live_hostname, ANSWERS["live_hostname"]),
    (repo_url, ANSWERS["repo_url"]),
]:
    if advice := check(value):
        sys.exit(f"{check.__name__} {json.dumps(value[:80])} is refused: {advice}.")
