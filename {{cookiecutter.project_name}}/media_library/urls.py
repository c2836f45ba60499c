"""Addresses below admin/media-library/, with the names that Mezzanine and its projects know."""

from django.urls import path

from . import views

urlpatterns = [
    path("browse/", views.browse, name="fb_browse"),
    path("file/", views.show, name="fb_file"),
    path("thumbnail/", views.thumbnail, name="fb_thumbnail"),
    path("upload_file/", views.upload, name="fb_do_upload"),
    path("mkdir/", views.make_folder, name="fb_mkdir"),
    path("rename/", views.rename, name="fb_rename"),
    path("delete/", views.delete, name="fb_delete"),
]
