"""Fields of the admin that would list all there is search instead."""

from functools import wraps

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.utils.html import format_html_join
from mezzanine.generic.forms import KeywordsWidget
from mezzanine.generic.models import Keyword

from . import admin_tree  # noqa: F401
from .widgets import Searched, SearchedMultiple

LISTED = 200  # rows; a field that would list more is searched
KEYWORDS = 100  # that are offered beside a field; any other can be typed

if apps.is_installed("mezzanine.blog"):
    from mezzanine.blog.admin import BlogPostAdmin
    from mezzanine.blog.models import BlogPost

    class SearchedBlogPostAdmin(BlogPostAdmin):
        """Related posts are searched by their title."""

        filter_horizontal = ["categories"]
        autocomplete_fields = ["related_posts"]

        def formfield_for_manytomany(self, db_field, request, **kwargs):
            if db_field.name == "related_posts":
                kwargs["widget"] = SearchedMultiple(db_field, self.admin_site)
            return super().formfield_for_manytomany(db_field, request, **kwargs)

        def get_search_results(self, request, queryset, search_term):
            """Search by titles alone where a post is chosen, among those of all authors."""
            if not request.path.endswith("/autocomplete/"):
                return super().get_search_results(request, queryset, search_term)
            posts = BlogPost.objects.filter(title__icontains=search_term).defer("content")
            return posts.order_by("-publish_date", "pk"), False

    if type(admin.site._registry.get(BlogPost)) is BlogPostAdmin:  # the project has no other
        admin.site.unregister(BlogPost)
        admin.site.register(BlogPost, SearchedBlogPostAdmin)


def render(widget, *args, **kwargs):
    """Render the field for keywords, and links to those of the thing and to KEYWORDS others."""
    field = super(KeywordsWidget, widget).render(*args, **kwargs)
    own = Keyword.objects.filter(pk__in=widget._ids)
    others = Keyword.objects.exclude(pk__in=widget._ids).order_by("title")[:KEYWORDS]
    signs = [("-", keyword) for keyword in own] + [("+", keyword) for keyword in others]
    links = format_html_join("", "<a href='#'>{}{}</a>", sorted(signs, key=lambda s: s[1].title))
    return field + format_html_join("", "<p class='keywords-field'>{}</p>", [[links]])


KeywordsWidget.render = render


def searched(formfield_for_foreignkey):
    """Let a field that would list more than LISTED rows be searched, where the admin can."""

    @wraps(formfield_for_foreignkey)
    def formfield(self, db_field, request, **kwargs):
        there = self.admin_site._registry.get(db_field.remote_field.model)
        own = "widget" in kwargs or db_field.name in (*self.raw_id_fields, *self.radio_fields)
        if there and not own and can_search(there, request) and has_many(there, request):
            kwargs["widget"] = Searched(db_field, self.admin_site)
        return formfield_for_foreignkey(self, db_field, request, **kwargs)

    return formfield


def can_search(there, request):
    return there.get_search_fields(request) and there.has_view_permission(request)


def has_many(there, request):
    return there.get_queryset(request).order_by()[: LISTED + 1].count() > LISTED


BaseModelAdmin.formfield_for_foreignkey = searched(BaseModelAdmin.formfield_for_foreignkey)
