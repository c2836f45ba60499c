"""Each fault of Django or Mezzanine that PATCHES.md names is still there.

A test here that fails says that the fault was mended, or that the code has moved. Then look at the
row of the test in PATCHES.md: the change that it names can go, or has to be made elsewhere.
"""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.cache import SessionStore
from mezzanine.blog.models import BlogPost

User = get_user_model()


@pytest.fixture
def two(add_site):
    return add_site("two.example")


@pytest.fixture
def post(db):
    return BlogPost.objects.create(title="Draft", user=User.objects.get(username="admin"))


@pytest.fixture
def ask(rf):
    """Return a function that makes a request of that user, the site's admin or nobody."""

    def ask(method, address="/", data=None, user=None):
        request = getattr(rf, method)(address, data or {})
        request.user, request.session = user or AnonymousUser(), SessionStore()
        return request

    return ask


@pytest.fixture
def user(db):
    return User.objects.get(username="admin")


@pytest.fixture
def editor(db):
    return User.objects.create_user("editor", "member@example.com", "secret", is_staff=True)
