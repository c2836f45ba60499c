"""Keeps public pages, which are the same for everybody, until anything changes."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from .generation import watch_connection


class PageCacheConfig(AppConfig):
    name = "page_cache"

    def ready(self):
        from . import drivers, heartbeat, outermost, queries

        queries.install()
        drivers.install()
        outermost.install()
        heartbeat.install()
        connection_created.connect(watch_connection)
        connection_created.connect(heartbeat.heartbeat.watch_connection)
