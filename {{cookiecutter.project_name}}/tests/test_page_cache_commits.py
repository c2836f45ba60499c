"""A generation of kept pages begins when what was written is committed, however that is done."""

import sqlite3

import pytest
from django.core.cache import cache
from django.db import connections, transaction
from django.db.utils import ConnectionHandler

from page_cache import generation

WRITE = "INSERT INTO bread VALUES (1)"

pytestmark = pytest.mark.usefixtures("keep_pages")


@pytest.fixture
def database(tmp_path):
    """A connection to be, to a database of its own, "own", where a commit is one."""
    path = tmp_path / "own.db"
    sqlite3.connect(path).execute("CREATE TABLE bread (weight integer)")
    engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    database = ConnectionHandler({"default": {}, "own": engine})["own"]
    connections["own"] = database
    yield database
    database.close()
    del connections["own"]


@pytest.fixture
def begun(database):
    """Return a function that returns whether a generation has begun since it was asked last."""
    seen = [cache.get(generation.KEY)]

    def begun():
        seen.append(cache.get(generation.KEY))
        return seen[-1] != seen[-2]

    return begun


def test_a_transaction_that_is_managed_by_hand_begins_one_with_each_commit(database, begun):
    database.set_autocommit(False)
    for _ in range(2):
        database.cursor().execute(WRITE)
        database.cursor().execute(WRITE)
        assert not begun()
        database.commit()
        assert begun()
    database.commit()
    database.set_autocommit(True)
    assert not begun()


def test_what_is_rolled_back_by_hand_begins_none(database, begun):
    database.set_autocommit(False)
    database.cursor().execute(WRITE)
    database.rollback()
    database.commit()
    database.set_autocommit(True)
    assert not begun()


@transaction.atomic(using="own")
def write_before_something_fails(database):
    transaction.on_commit(lambda: 1 / 0, using="own")
    database.cursor().execute(WRITE)


def test_what_fails_after_a_commit_does_not_keep_a_generation_from_beginning(database, begun):
    with pytest.raises(ZeroDivisionError):
        write_before_something_fails(database)
    assert begun()


def test_a_savepoint_that_is_rolled_back_begins_none(database, begun):
    with transaction.atomic(using="own"):
        with transaction.atomic(using="own"):
            database.cursor().execute(WRITE)
            transaction.set_rollback(True, using="own")
    assert not begun()
    with transaction.atomic(using="own"), transaction.atomic(using="own"):
        database.cursor().execute(WRITE)
        assert not begun()
    assert begun()


def test_a_statement_alone_begins_one_at_once(database, begun):
    database.cursor().execute(WRITE)
    assert begun()
    database.cursor().execute("SELECT weight FROM bread")
    assert not begun()


def test_a_wrapper_of_the_first_statement_of_a_connection_ends_with_its_block(database, begun):
    wrapped = []

    def wrapper(execute, *arguments):
        wrapped.append(arguments[0])
        return execute(*arguments)

    with database.execute_wrapper(wrapper):
        database.cursor().execute("SELECT 1")
    database.cursor().execute(WRITE)
    assert wrapped == ["SELECT 1"]
    assert begun()
