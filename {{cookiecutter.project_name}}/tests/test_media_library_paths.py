"""No path leads from the media library of a site to what another site, or the server, has."""

import pytest
from django.urls import reverse
from media_library import act, upload

OUTSIDE = ["../site-10", "..", ".", "/etc", "site\\x", "a/../../site-10", "a//b", "\0", ".hidden"]


@pytest.mark.parametrize("bad", OUTSIDE)
def test_nothing_leads_out_of_the_directory_of_the_site(browse, everything, bad):
    admin, before = browse("admin"), everything()
    answers = [
        act(admin, "fb_browse", "get", dir=bad),
        act(admin, "fb_upload", "get", dir=bad),
        act(admin, "fb_mkdir", data={"dir_name": "new"}, dir=bad),
        act(admin, "fb_mkdir", data={"dir_name": bad}),
        act(admin, "fb_rename", data={"name": "new"}, dir=bad, filename="picture.gif"),
        act(admin, "fb_rename", data={"name": "new"}, filename=bad),
        act(admin, "fb_rename", data={"name": bad}, filename="picture.gif"),
        act(admin, "fb_delete", dir=bad, filename="picture.gif"),
        act(admin, "fb_delete", filename=bad, filetype="Folder"),
        act(admin, "fb_delete", filename=bad, filetype="Image"),
        act(admin, "fb_check", data={"folder": bad, "file": "picture.gif"}),
        act(admin, "fb_check", data={"folder": "", "file": bad}),
        upload(admin, folder=bad),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert everything() == before


def test_an_absolute_path_is_no_way_to_another_site(browse, uploads, everything):
    admin, before, ten = browse("admin"), everything(), str(uploads / "site-10")
    answers = [
        act(admin, "fb_mkdir", data={"dir_name": f"{ten}/new"}),
        act(admin, "fb_rename", data={"name": f"{ten}/new"}, filename="picture.gif"),
        act(admin, "fb_check", data={"folder": ten, "file": "picture.gif"}),
        act(admin, "fb_check", data={"folder": "", "file": f"{ten}/picture.gif"}),
        upload(admin, folder=ten),
        upload(admin, folder=f"x{reverse('fb_upload')}{ten}"),
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
        act(admin, "fb_mkdir", data={"dir_name": "new"}, dir="link"),
        act(admin, "fb_rename", data={"name": "new"}, dir="link", filename="picture.gif"),
        act(admin, "fb_delete", dir="link", filename="picture.gif"),
        act(admin, "fb_delete", filename="link", filetype="Folder"),
        act(admin, "fb_check", data={"folder": "link", "file": "picture.gif"}),
        upload(admin, folder="link"),
        upload(admin, folder=f"x{reverse('fb_upload')}link"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert everything() == before
