"""Passwords of sites from before Django 1.4: their weak hashes, hashed again, and so still good.

Whoever logs in gets a hash of today, as with any hasher that is not the first of PASSWORD_HASHERS.
https://docs.djangoproject.com/en/5.2/topics/auth/passwords/#password-upgrading-without-requiring-a-login
"""

import hashlib
import re
from collections import Counter

from django.contrib.auth.hashers import (
    PBKDF2PasswordHasher,
    identify_hasher,
    is_password_usable,
)
from django.utils.crypto import get_random_string

UNSALTED = re.compile(r"(md5\$\$)?(?P<md5>[0-9a-f]{32})|sha1\$\$(?P<sha1>[0-9a-f]{40})")
SALTED = re.compile(r"(?P<name>md5|sha1)\$(?P<salt>[^$]+)\$(?P<digest>[0-9a-f]+)")


class SHA1(PBKDF2PasswordHasher):
    algorithm = "pbkdf2_sha256_of_sha1"
    weak = hashlib.sha1

    def encode(self, password, salt, iterations=None):
        return self.wrap(self.weak((salt + password).encode()).hexdigest(), salt, iterations)

    def wrap(self, digest, salt, iterations=None):
        """Return the hash of a weak hash, in hexadecimal digits."""
        return super().encode(digest, salt, iterations)


class MD5(SHA1):
    algorithm = "pbkdf2_sha256_of_md5"
    weak = hashlib.md5


class UnsaltedSHA1(SHA1):
    algorithm = "pbkdf2_sha256_of_unsalted_sha1"

    def encode(self, password, salt, iterations=None):
        return self.wrap(self.weak(password.encode()).hexdigest(), salt, iterations)


class UnsaltedMD5(UnsaltedSHA1):
    algorithm = "pbkdf2_sha256_of_unsalted_md5"
    weak = hashlib.md5


def wrapped(encoded):
    """Return a hash that is good here for what an old database has; any other as it is."""
    if found := SALTED.fullmatch(encoded):
        hasher = {"md5": MD5, "sha1": SHA1}[found["name"]]()
        return hasher.wrap(found["digest"], found["salt"])
    if found := UNSALTED.fullmatch(encoded):
        hasher = UnsaltedMD5() if found["md5"] else UnsaltedSHA1()
        return hasher.wrap(found["md5"] or found["sha1"], get_random_string(22))
    return encoded


def unknown(hashes):
    """Return how many hashes nobody can log in with here, a Counter by algorithm."""
    counts, samples = Counter(), {}
    for encoded in filter(is_password_usable, hashes):
        algorithm = encoded.partition("$")[0]
        counts[algorithm] += 1
        samples.setdefault(algorithm, encoded)
    for algorithm, encoded in samples.items():
        if is_good(encoded):
            del counts[algorithm]
    return counts


def is_good(encoded):
    try:
        identify_hasher(encoded).verify("", encoded)
    except (ImportError, ValueError):  # no hasher of that name, or not the package that it needs
        return False
    return True
