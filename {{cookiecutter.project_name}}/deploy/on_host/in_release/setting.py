"""In a release: what kind of setting a name is, or whether its site starts with a value of it.

Reads JSON: "name"; perhaps "try", a value as Python writes it, or null for none. Prints JSON:
"kind", the type of the default, which is that of settings.py, of Mezzanine or of Django, else
"str"; "refused", why no secret may have that name, an empty str where one may; "reads", whether the
release reads secrets. With "try" it prints "problem" alone, an empty str where the site starts.
"""

import ast
import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import django

# What the project's code, NGINX and the deploy count on.
FIXED = """
    ALLOWED_HOSTS AUTH_USER_MODEL BASE_DIR DEBUG DEFAULT_AUTO_FIELD FABRIC_ENVIRONMENTS
    FORCE_SCRIPT_NAME INSTALLED_APPS LOGGING_CONFIG MEDIA_URL MIDDLEWARE PROJECT_APP
    PROJECT_APP_PATH ROOT_URLCONF SETTINGS_MODULE SITE_ID STATIC_ROOT STATIC_URL TEMPLATES TESTING
    WSGI_APPLICATION
""".split()
KINDS = (bool, int, float, list, tuple, dict)  # bool first: it is an int too


def default_of(name, settings):
    """Return the default of a setting, None where nobody knows one."""
    from django.conf import global_settings
    from mezzanine.conf import registry

    if hasattr(settings, name):
        return getattr(settings, name)
    if name in registry:
        return registry[name]["default"]
    return getattr(global_settings, name, None)


def kind_of(default):
    """Return the name of the type that a value is to have; empty where no value can have it."""
    from django.utils.functional import Promise

    if default is None or isinstance(default, str | Promise):
        return "str"
    return next((kind.__name__ for kind in KINDS if isinstance(default, kind)), "")


def written(source):
    """Return the names of the settings that the code of a module gives a value, a set."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Store) and node.id.isupper()}


def source_of(app):
    """Return the code of the settings that a deploy has written, a str."""
    local = Path(app, "local_settings.py")
    return local.read_text("utf-8") if local.exists() else ""


def look(name, app):
    """Return "kind", "refused" and "reads" of a setting."""
    source = source_of(app)
    # Without those of the server: the project's own defaults.
    stub = sys.modules[f"{app}.local_settings"] = ModuleType("local_settings")
    stub.SECRET_KEY = "none"  # noqa: S105 - signs nothing
    django.setup()
    kind = kind_of(default_of(name, sys.modules[f"{app}.settings"]))
    refused = ""
    if name in written(source):
        refused = f"{name} is set by deploy/local_settings.py.template, and so by every deploy"
    elif name in FIXED or not kind:
        refused = f"{name} can be no secret: its place is settings.py, or the template of a deploy"
    return {"kind": kind, "refused": refused, "reads": "/shared/settings.json" in source}


def try_with(name, value, app):
    """Return why the site does not start with a value, or with none; an empty str if it does."""
    if name in written(source_of(app)):  # by now: so the value counts for nothing
        return ""
    try:
        local = importlib.import_module(f"{app}.local_settings")
        vars(local).pop(name, None)
        if value is not None:
            setattr(local, name, ast.literal_eval(value))
        django.setup()
        from django.core import checks

        found = checks.run_checks()
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    serious = [each for each in found if each.is_serious() and not each.is_silenced()]
    return serious[0].msg if serious else ""


def main():
    app = os.environ["DJANGO_SETTINGS_MODULE"].partition(".")[0]
    request = json.loads(sys.stdin.read())
    if "try" in request:
        answer = {"problem": str(try_with(request["name"], request["try"], app))}
    else:
        answer = look(request["name"], app)
    print(json.dumps(answer))


main()
