"""Each command of Mezzanine and its packages is run by a test."""

from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command, find_commands
from django.core.management.base import CommandError
from django.utils.timezone import now
from django_comments.models import Comment
from mezzanine.blog.models import BlogPost

TESTED = {
    "collecttemplates": "test_templates_are_copied",
    "createdb": "test_createdb.py",
    "delete_stale_comments": "test_comments_on_what_is_gone_are_deleted",
    "import_blogger": "importing/test_importers.py",
    "import_blogml": "importing/test_importers.py",
    "import_posterous": "importing/test_importers.py",
    "import_rss": "importing/test_importers.py",
    "import_tumblr": "importing/test_importers.py",
    "import_wordpress": "importing/test_wordpress.py",
    "runserver": "test_the_server_of_developers_shows_what_was_uploaded",
}
PACKAGES = ("mezzanine", "django_comments", "filebrowser_safe")


def test_each_command_of_mezzanine_is_run_by_a_test():
    found = set()
    for config in apps.get_app_configs():
        module = import_module(config.name)
        if config.name.partition(".")[0] in PACKAGES:
            found |= {*find_commands(Path(module.__file__).parent / "management")}
    assert found == {*TESTED}
    source = Path(__file__).read_text("utf-8")
    for where in TESTED.values():
        assert Path(__file__).parent.joinpath(where).is_file() or f"def {where}(" in source


@pytest.fixture
def templates(settings, tmp_path):
    """A directory for the templates of the project."""
    engine, *others = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path / "templates"]}, *others]
    return tmp_path / "templates"


def test_templates_are_copied(templates, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = StringIO()
    name = "blog/blog_post_list.html"
    options = {"interactive": False, "stdout": out}
    call_command("collecttemplates", "mezzanine.blog", template=name, **options)
    assert [str(file.relative_to(templates)) for file in templates.rglob("*.html")] == [name]
    call_command("collecttemplates", **options)
    assert (templates / "base.html").is_file()
    assert [*tmp_path.iterdir()] == [templates]
    with pytest.raises(CommandError, match="not in INSTALLED_APPS: no.app"):
        call_command("collecttemplates", "no.app", **options)


def test_comments_on_what_is_gone_are_deleted(db):
    post = BlogPost.objects.get()
    kind = ContentType.objects.get_for_model(BlogPost)
    for pk in (post.pk, 999):
        fields = {"content_type": kind, "site_id": 1, "submit_date": now()}
        Comment.objects.create(object_pk=pk, comment=str(pk), **fields)
    call_command("delete_stale_comments", verbosity=0)
    assert {comment.object_pk for comment in Comment.objects.all()} == {str(post.pk)}


def test_the_server_of_developers_shows_what_was_uploaded(db, rf, media_root, settings):
    from mezzanine.core.management.commands.runserver import MezzStaticFilesHandler

    settings.DEBUG = True
    Path(media_root, "a.txt").write_text("uploaded")
    handler = MezzStaticFilesHandler(None)
    request = rf.get(f"{settings.MEDIA_URL}a.txt")
    assert b"".join(handler.get_response(request)) == b"uploaded"
