"""URLs of the site."""

from django.contrib import admin
from django.urls import include, path
from mezzanine.accounts.views import password_reset
from mezzanine.pages.views import page

from multisite.views import robots

from .accounts import LogoutView, PasswordResetForm

urlpatterns = [
    path("admin/logout/", LogoutView.as_view()),
    path("admin/", include(admin.site.urls)),
    path("accounts/password/reset/", password_reset, {"form_class": PasswordResetForm}),
    path("robots.txt", robots),
    # The home page is a page like any other, edited in the admin. For a view of your own instead:
    # path("", TemplateView.as_view(template_name="index.html"), name="home"),
    path("", page, {"slug": "/"}, name="home"),
    path("", include("mezzanine.urls")),  # last: it ends in a pattern that matches everything
]

handler404 = "mezzanine.core.views.page_not_found"
handler500 = "mezzanine.core.views.server_error"
