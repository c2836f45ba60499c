"""URLs of the site."""

from django.contrib import admin
from django.urls import include, path
from mezzanine.accounts import urls as accounts_urls
from mezzanine.accounts.views import password_reset
from mezzanine.core.views import page_not_found
from mezzanine.pages.views import page

from multisite.views import edit, robots, set_site
from page_cache.rules import fresh

from .accounts import LogoutView, PasswordResetForm

urlpatterns = [
    path("admin/logout/", LogoutView.as_view()),
    path("admin/", include(admin.site.urls)),
    path("accounts/password/reset/", fresh(password_reset), {"form_class": PasswordResetForm}),
    # Mezzanine's, used by none of its pages, answers 500 for a package that there is not.
    path("jsi18n/<path:packages>", page_not_found),
    path("edit/", edit, name="edit"),
    path("set_site/", set_site, name="set_site"),
    path("robots.txt", robots),
    # The home page is a page like any other, edited in the admin. For a view of your own instead:
    # path("", TemplateView.as_view(template_name="index.html"), name="home"),
    path("", page, {"slug": "/"}, name="home"),
    path("", include("mezzanine.urls")),  # last: it ends in a pattern that matches everything
]

for pattern in accounts_urls.urlpatterns:
    pattern.callback = fresh(pattern.callback)  # logging in, signing up, profiles

handler404 = "mezzanine.core.views.page_not_found"
handler500 = "mezzanine.core.views.server_error"
