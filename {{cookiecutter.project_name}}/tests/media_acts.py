"""The media library as its users have it: each of its views, asked as a test wants."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

ALL = [f"staff.{act}_mediafile" for act in ("view", "add", "change", "delete")]
GIF = b"GIF89a"


def act(client, name, method="post", data=(), **query):
    """Ask the view of that name, with a query of these parameters, as a script does."""
    address = reverse(name, query=query)
    return getattr(client, method)(address, dict(data))


def upload(client, name="new.gif", content=GIF, folder="", **data):
    file = SimpleUploadedFile(name, content)
    return act(client, "fb_do_upload", data={"folder": folder, "Filedata": file, **data})


def every_act(client):
    """Do each thing that the media library offers, rightly; return the answers by view."""
    return {
        "fb_browse": act(client, "fb_browse", "get"),
        "fb_file": act(client, "fb_file", "get", filename="picture.gif"),
        "fb_thumbnail": act(client, "fb_thumbnail", "get", path="uploads/site-1/picture.gif"),
        "fb_do_upload": upload(client),
        "fb_mkdir": act(client, "fb_mkdir", data={"name": "made"}),
        "fb_rename": act(client, "fb_rename", data={"name": "renamed"}, filename="picture.gif"),
        "fb_delete": act(client, "fb_delete", filename="inner.gif", dir="folder"),
    }
