"""Faults of Mezzanine's importers."""

import inspect
from importlib.util import find_spec

import pytest
from mezzanine.blog.management import base
from mezzanine.blog.management.commands import (
    import_blogger,
    import_blogml,
    import_posterous,
    import_rss,
    import_tumblr,
    import_wordpress,
)


@pytest.mark.parametrize(
    ("module", "package"),
    [(import_blogger, "gdata"), (import_rss, "feedparser"), (import_wordpress, "feedparser")],
)
def test_importers_need_packages_that_nothing_installs(module, package):
    assert package in inspect.getsource(module)
    assert find_spec(package) is None


def test_posts_of_one_title_become_one():
    source = inspect.getsource(base.BaseImporterCommand.handle)
    assert "BlogPost.objects.get_or_create(**initial)" in source
    assert '"title"' in source.partition("get_or_create")[0].rpartition("initial = ")[2]


def test_tags_of_blogml_are_read_and_dropped():
    source = inspect.getsource(import_blogml.Command.handle_import)
    assert 'post_dict["tags"]' in source
    assert 'post_info["tags"]' not in source


def test_what_tumblr_answers_is_taken_for_text():
    source = inspect.getsource(import_tumblr.Command.handle_import)
    assert 'json_start = "var tumblr_api_read ="' in source
    assert "data = response.read()" in source
    with pytest.raises(TypeError):
        b"var tumblr_api_read = {}".split("var tumblr_api_read =", 1)


def test_posterous_is_asked_which_is_gone():
    assert "http://posterous.com/api/" in inspect.getsource(import_posterous)
