"""Templates of the site's theme before those of all sites."""

from errno import ENAMETOOLONG
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loaders import app_directories, cached, filesystem
from mezzanine.conf import settings as site_settings
from mezzanine.utils.sites import current_site_id

from .hosts import hosts, normal


def theme():
    """Return the package that is the theme of the current site, or an empty str.

    HOST_THEMES in the settings decides, else the setting SITE_THEME in the admin.
    """
    if settings.HOST_THEMES and (package := host_theme(current_site_id())):
        return package
    return site_settings.SITE_THEME if settings.SITE_THEMES else ""


def host_theme(site_id):
    """Return the package that HOST_THEMES has for a site, or None.

    It may name the domain that the site has here or the one that it has in production.
    """
    named = {normal(host): package for host, package in reversed(settings.HOST_THEMES)}
    return next((named[host] for host in hosts.domains(site_id) if host in named), None)


class ThemeLoader(filesystem.Loader):
    """The templates/ of the theme, if there is one."""

    def get_dirs(self):
        spec = find_spec(package) if (package := theme()) else None
        return [Path(path, "templates") for path in spec.submodule_search_locations] if spec else []


class Loader(cached.Loader):
    """All of the project's templates, each compiled once for every theme."""

    def __init__(self, engine):
        super().__init__(engine, [])
        loaders = (ThemeLoader, filesystem.Loader, app_directories.Loader)
        self.loaders = [loader(engine) for loader in loaders]

    def get_contents(self, origin):
        """Return the source; what no file can be called is a template that there is not.

        Mezzanine looks for templates with the names of pages: 85 letters of Japanese are too many.
        """
        try:
            return super().get_contents(origin)
        except OSError as error:
            if error.errno != ENAMETOOLONG:
                raise
            raise TemplateDoesNotExist(origin) from None

    def cache_key(self, template_name, skip=None):
        return f"{theme()}:{super().cache_key(template_name, skip)}"
