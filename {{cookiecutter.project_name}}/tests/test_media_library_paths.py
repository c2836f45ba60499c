"""No path leads from the media library of a site to what another site, or the server, has."""

import pytest
from media_acts import act, upload

OUTSIDE = ["../site-10", "..", ".", "/etc", "site\\x", "a/../../site-10", "a//b", "\0", ".hidden"]


@pytest.mark.parametrize("bad", OUTSIDE)
def test_nothing_leads_out_of_the_directory_of_the_site(browse, everything, bad):
    admin, before = browse("admin"), everything()
    answers = [
        act(admin, "fb_browse", "get", dir=bad),
        act(admin, "fb_file", "get", dir=bad, filename="picture.gif"),
        act(admin, "fb_file", "get", filename=bad),
        act(admin, "fb_mkdir", data={"name": "new"}, dir=bad),
        act(admin, "fb_mkdir", data={"name": bad}),
        act(admin, "fb_rename", data={"name": "new"}, dir=bad, filename="picture.gif"),
        act(admin, "fb_rename", data={"name": "new"}, filename=bad),
        act(admin, "fb_rename", data={"name": bad}, filename="picture.gif"),
        act(admin, "fb_delete", dir=bad, filename="picture.gif"),
        act(admin, "fb_delete", filename=bad),
        upload(admin, folder=bad),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert everything() == before


def test_an_absolute_path_is_no_way_to_another_site(browse, uploads, everything):
    admin, before, ten = browse("admin"), everything(), str(uploads / "site-10")
    answers = [
        act(admin, "fb_mkdir", data={"name": f"{ten}/new"}),
        act(admin, "fb_rename", data={"name": f"{ten}/new"}, filename="picture.gif"),
        act(admin, "fb_file", "get", filename=f"{ten}/picture.gif"),
        upload(admin, folder=ten),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert everything() == before


@pytest.fixture
def link(uploads):
    """A symbolic link in the directory of the first site to that of site 10."""
    link = uploads / "site-1/link"
    link.symlink_to(uploads / "site-10")
    yield link
    link.unlink(missing_ok=True)


def test_a_symbolic_link_is_no_way_to_another_site(browse, link, everything):
    admin, before = browse("admin"), everything()
    answers = [
        act(admin, "fb_browse", "get", dir="link"),
        act(admin, "fb_file", "get", dir="link", filename="picture.gif"),
        act(admin, "fb_mkdir", data={"name": "new"}, dir="link"),
        act(admin, "fb_rename", data={"name": "new"}, dir="link", filename="picture.gif"),
        act(admin, "fb_delete", dir="link", filename="picture.gif"),
        act(admin, "fb_delete", filename="link"),
        act(admin, "fb_rename", data={"name": "new"}, filename="link"),
        upload(admin, folder="link"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert everything() == before


def test_a_folder_with_a_link_to_another_site_is_neither_deleted_nor_moved(
    browse, link, everything, uploads
):
    link.rename(uploads / "site-1/folder/link")
    admin, before = browse("admin"), everything()
    answers = [
        act(admin, "fb_delete", filename="folder"),
        act(admin, "fb_rename", data={"name": "new"}, filename="folder"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert everything() == before


def test_a_search_does_not_follow_a_link_to_another_site(browse, link):
    page = act(browse("admin"), "fb_browse", "get", q="inner").content.decode()
    assert page.count("<bdi>inner.gif</bdi>") == 1


@pytest.mark.parametrize(
    "path", ["uploads/site-10/picture.gif", "/etc/x.gif", "../x.gif", "uploads/site-1/x.txt", "\0"]
)
def test_no_thumbnail_is_made_of_what_is_not_of_the_site(browse, everything, path):
    before = everything()
    assert act(browse("admin"), "fb_thumbnail", "get", path=path).status_code == 404
    assert everything() == before
