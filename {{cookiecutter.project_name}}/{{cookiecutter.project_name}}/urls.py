"""URLs of the site."""

from django.contrib import admin
from django.contrib.auth.views import PasswordResetView
from django.urls import include, path
from django.views.i18n import set_language
from mezzanine.accounts import urls as accounts_urls
from mezzanine.core.views import page_not_found
from mezzanine.generic.fields import CommentsField, RatingField
from mezzanine.generic.views import comment, rating
from mezzanine.pages.views import page

from multisite.allowed import may_see, may_send
from multisite.stand_ins import stand_in
from multisite.views import edit, robots, set_site
from navigation.sitemaps import sitemap
from page_cache.rules import fresh
from second_factor.views import second_factor
from theme.views import look_css, look_preview, manifest, styleguide

from .accounts import StaffPasswordResetForm, as_long, password_reset, signup
from .feedback import on_what_has_it, on_what_is_open, to_what_was_rated

commented = on_what_is_open(comment, "comment")
rated = on_what_is_open(to_what_was_rated(rating), "rating")
urlpatterns = [
    path("admin/look/", look_preview, name="look_preview"),
    path("admin/", include(admin.site.urls)),
    path(
        "password_reset/",
        as_long(PasswordResetView.as_view(form_class=StaffPasswordResetForm)),
        name="password_reset",
    ),
    # Below a log-in, which NGINX limits and fail2ban knows.
    path("accounts/login/code/", second_factor, name="second_factor"),
    # Mezzanine's, used by none of its pages, answers 500 for a package that there is not.
    path("jsi18n/<path:packages>", page_not_found),
    path("edit/", edit, name="edit"),
    path("set_site/", set_site, name="set_site"),
    path("i18n/", set_language, name="set_language"),
    path(".nginx/may-see", may_see),
    path(".nginx/may-send", may_send),
    path(
        "comment/",
        on_what_has_it(commented, CommentsField),
        name="comment",
    ),
    path("rating/", on_what_has_it(rated, RatingField), name="rating"),
    path("robots.txt", robots),
    path("sitemap.xml", sitemap),
    path("sitemap-<section>.xml", sitemap, name="sitemap_part"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("look.css", look_css, name="look"),
    path("styleguide/", styleguide, name="styleguide"),  # every part of the theme, while DEBUG
    # The home page is a page like any other, edited in the admin. For a view of your own instead:
    # path("", TemplateView.as_view(template_name="index.html"), name="home"),
    path("", page, {"slug": "/"}, name="home"),
    path("", include("mezzanine.urls")),  # last: it ends in a pattern that matches everything
]

stand_in(urlpatterns)  # also where the addresses of Mezzanine begin with a language
own = {"mezzanine_password_reset": password_reset, "signup": signup}
for pattern in accounts_urls.urlpatterns:  # logging in, signing up, profiles
    pattern.callback = fresh(own.get(pattern.name, pattern.callback))

handler400 = "theme.views.bad_request"
handler403 = "theme.views.permission_denied"
handler404 = "page_cache.missing.page_not_found"
handler500 = "theme.views.server_error"
