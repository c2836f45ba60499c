"""Which environment this is: see ENVIRONMENT in the settings."""

from django.conf import settings

VISITED = ("production", "development")  # the site itself, and somebody's own machine


def rehearsal():
    """Return the name of an environment that is a server without visitors, such as staging.

    It is empty where this is no such server.
    """
    return "" if settings.ENVIRONMENT in VISITED else settings.ENVIRONMENT
