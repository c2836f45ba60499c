"""
A cache backend for python-memcached: a server that is down is an empty cache, never an error page.

Django removed its own backend for this client in 4.1. With the clients that it still supports,
every page that touches the cache fails while memcached is away.
https://docs.djangoproject.com/en/stable/releases/4.1/#features-removed-in-4-1
https://docs.djangoproject.com/en/stable/topics/cache/#memcached
"""

import pickle
import select

import memcache
from django.core.cache.backends.base import (
    DEFAULT_TIMEOUT,
    MEMCACHE_MAX_KEY_LENGTH,
    InvalidCacheKey,
)
from django.core.cache.backends.memcached import BaseMemcachedCache
from django.utils.functional import cached_property

UNREADABLE = object()


class Unpickler(pickle.Unpickler):
    """Tell a value that this version of the code cannot read from a stored None."""

    def load(self):
        try:
            return super().load()
        except Exception:
            return UNREADABLE


def is_over(connection):
    """Return whether the server has ended a connection, or has sent what nobody has read."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


class MemcachedCache(BaseMemcachedCache):
    is_looked_at = True

    def __init__(self, server, params):
        super().__init__(server, params, library=memcache, value_not_found_exception=ValueError)
        self._options = {
            "pickleProtocol": pickle.HIGHEST_PROTOCOL,
            "unpickler": Unpickler,
            # The longest that a visitor waits for a server that hangs, and how soon it is tried
            # again, in seconds.
            "socket_timeout": 1,
            "dead_retry": 5,
            # Let the server refuse what is too large: after refusing by itself, the client's
            # set_multi() still waits for the server's answer and then takes it for dead.
            "server_max_value_length": 0,
            **self._options,
        }

    @property
    def _cache(self):
        """The client, of this thread alone. Django would have it connect anew for each request."""
        if not self.is_looked_at:
            self.is_looked_at = True
            for server in self.client.servers:
                if server.socket and is_over(server.socket):
                    server.close_socket()
        return self.client

    @cached_property
    def client(self):
        return self._class(self.client_servers, **self._options)

    def close(self, **kwargs):
        """Keep the connections for the next request, which looks whether they still are."""
        self.is_looked_at = False

    def get(self, key, default=None, version=None):
        # The client's get() answers None, whatever the default, when the server is down.
        return self.get_many([key], version=version).get(key, default)

    def get_many(self, keys, version=None):
        found = super().get_many(keys, version=version)
        return {key: value for key, value in found.items() if value is not UNREADABLE}

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        return bool(super().add(key, value, timeout=timeout, version=version))

    def clear(self):
        # Unlike its other methods, the client's flush_all() raises when a server hangs or goes.
        for server in self._cache.servers:
            try:
                if server.connect():
                    server.flush()
            except OSError as error:
                server.mark_dead(error)

    def get_backend_timeout(self, timeout=DEFAULT_TIMEOUT):
        # A date that does not fit into memcached's 32 bits would lie in the past; 0 is "forever".
        seconds = super().get_backend_timeout(timeout)
        return seconds if seconds < 2**31 else 0

    def validate_key(self, key):
        super().validate_key(key)
        # memcached counts bytes, Django's check counts characters.
        if len(key.encode()) > MEMCACHE_MAX_KEY_LENGTH:
            raise InvalidCacheKey(
                f"Cache key will cause errors if used with memcached: {key!r} "
                f"(longer than {MEMCACHE_MAX_KEY_LENGTH} bytes)"
            )
