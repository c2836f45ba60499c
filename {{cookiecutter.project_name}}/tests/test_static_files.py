"""Static files as a deploy collects them: under hashed names, compressed once for all releases."""

import gzip
from importlib import import_module

import brotli
import pytest
from django.conf import settings
from django.core.management import call_command

SETTINGS = settings.SETTINGS_MODULE.rpartition(".")[0]
storage = import_module(f"{SETTINGS}.storage")
STYLE = b"body { background: url(a.svg) }\n" * 50
PICTURE = b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 50


@pytest.fixture
def collect(tmp_path, settings):
    """A function that collects static files into a release, by its name; returns its directory."""
    source, shared = tmp_path / "source", tmp_path / "shared"
    source.mkdir()
    (source / "a.css").write_bytes(STYLE)
    (source / "a.svg").write_bytes(PICTURE)
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]

    def collect_into(release):
        settings.STATIC_ROOT = tmp_path / release
        backend = f"{SETTINGS}.storage.TolerantManifestStaticFilesStorage"
        options = {"earlier": str(shared)}
        settings.STORAGES = settings.STORAGES | {
            "staticfiles": {"BACKEND": backend, "OPTIONS": options}
        }
        call_command("collectstatic", "--noinput", verbosity=0)
        if not shared.exists():
            shared.symlink_to(settings.STATIC_ROOT)
        return settings.STATIC_ROOT

    return collect_into


def test_each_file_is_there_compressed_under_its_hashed_name(collect):
    release = collect("1")
    for suffix, content in (("css", None), ("svg", PICTURE)):
        (hashed,) = release.glob(f"a.*.{suffix}")
        content = content or hashed.read_bytes()
        assert gzip.decompress(hashed.with_name(hashed.name + ".gz").read_bytes()) == content
        assert brotli.decompress(hashed.with_name(hashed.name + ".br").read_bytes()) == content
        assert gzip.decompress((release / f"a.{suffix}.gz").read_bytes())


def test_what_has_not_changed_is_compressed_once_for_all_releases(collect, tmp_path):
    first = collect("1")
    (tmp_path / "source/a.svg").write_bytes(PICTURE)  # as a deploy writes it: anew
    second = collect("2")
    packed = [*first.glob("a.*.*.br"), *first.glob("a.*.*.gz")]
    assert len(packed) == 4
    assert all(path.samefile(second / path.name) for path in packed)


def test_a_file_and_its_copy_under_a_hashed_name_are_compressed_once(collect, monkeypatch):
    packed = []
    monkeypatch.setitem(storage.PACKERS, ".gz", lambda content: packed.append(content) or b"packed")
    release = collect("1")
    (hashed,) = release.glob("a.*.css")
    assert sorted(packed) == sorted([PICTURE, STYLE, hashed.read_bytes()])
    assert (release / "a.svg.gz").read_bytes() == b"packed"
    (twin,) = release.glob("a.*.svg.gz")
    assert not twin.samefile(release / "a.svg.gz")  # or no deploy would ever remove them


def test_what_has_changed_is_compressed_anew(collect, tmp_path):
    first = collect("1")
    (tmp_path / "source/a.svg").write_bytes(PICTURE + b"<!-- changed -->")
    second = collect("2")
    (changed,) = second.glob("a.*.svg")
    assert not (first / changed.name).exists()
    packed = changed.with_name(changed.name + ".br").read_bytes()
    assert brotli.decompress(packed) == changed.read_bytes()
