"""What settings.py needs of this app: what follows from the settings above it.

In place of Mezzanine's set_dynamic_settings, and without Django, since fabfile.py reads the
settings too.
"""

import sys
from importlib.util import find_spec

TRANSLATION = "modeltranslation"
LOCALE = "django.middleware.locale.LocaleMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
PACKAGES = "migrations_of_packages"
LATER = "multisite.extra_fields.Later"


def migration_modules(project):
    """Return the migrations that the project has for apps of packages, a dict of their modules.

    project is its directory, a Path; makemigrations makes the folders there.
    """
    folders = project.joinpath(PACKAGES).glob("*/__init__.py")
    return {file.parent.name: f"{PACKAGES}.{file.parent.name}" for file in folders}


def set_dynamic_settings(settings):
    """Change the settings, a dict such as globals(), to what follows from others of them."""
    for name in ("INSTALLED_APPS", "MIDDLEWARE", "LANGUAGES"):
        settings[name] = list(settings[name])
    if fields := settings.get("EXTRA_MODEL_FIELDS"):
        settings["EXTRA_MODEL_FIELDS"] = [*map(later, fields)]
    set_languages(settings)
    add_optional_apps(settings)
    if settings["USE_MODELTRANSLATION"]:
        add_translation(settings)


def later(field):
    """Return a row of EXTRA_MODEL_FIELDS; a field that is not Django's is imported later."""
    name, path, args, kwargs = field
    if "." not in path or path.startswith("django.") or path == LATER:
        return field
    return name, LATER, (path, *args), kwargs


def set_languages(settings):
    """Let the one language be that of LANGUAGE_CODE; with several, each visitor gets their own."""
    code, languages = settings["LANGUAGE_CODE"], settings["LANGUAGES"]
    if len(languages) == 1 and languages[0][0] != code:
        settings["LANGUAGES"] = [(code, code)]
    middleware = settings["MIDDLEWARE"]
    is_there = any(name.endswith("LocaleMiddleware") for name in middleware)
    if len(languages) > 1 and settings["USE_I18N"] and not is_there:
        # Inside of the page cache: what a visitor's browser asks for makes a page private.
        middleware.insert(middleware.index(SESSION) + 1, LOCALE)


def add_optional_apps(settings):
    """Add those of OPTIONAL_APPS that are installed, before the admin, whose templates they have
    precedence over."""
    apps = settings["INSTALLED_APPS"]
    for app in settings.get("OPTIONAL_APPS", ()):
        if app not in apps and find_spec(app.partition(".")[0]):
            admin = "django.contrib.admin"
            apps.insert(apps.index(admin) if admin in apps else len(apps), app)


def add_translation(settings):
    """Give each text of Mezzanine's models a field for each of LANGUAGES."""
    # Where fab reads the settings, neither is installed.
    if "django" in sys.modules and not find_spec(TRANSLATION):
        from django.core.exceptions import ImproperlyConfigured

        raise ImproperlyConfigured(
            "USE_MODELTRANSLATION is True, and django-modeltranslation is not installed:"
            " add -r languages.in to requirements/project.in, and type nox -s lock"
        )
    if TRANSLATION not in settings["INSTALLED_APPS"]:
        # Before those that look at the admin, and after mezzanine.boot, which adds fields.
        settings["INSTALLED_APPS"].insert(1, TRANSLATION)
    codes = [code for code, _ in settings["LANGUAGES"]]
    if settings["LANGUAGE_CODE"] in codes:
        settings.setdefault("MODELTRANSLATION_DEFAULT_LANGUAGE", settings["LANGUAGE_CODE"])
