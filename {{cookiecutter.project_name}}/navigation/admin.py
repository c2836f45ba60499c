"""Fields of the admin that would list all there is search instead."""

from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html_join
from mezzanine.generic.forms import KeywordsWidget
from mezzanine.generic.models import Keyword

from . import admin_tree  # noqa: F401
from .widgets import SearchedMultiple

KEYWORDS = 100  # that are offered beside a field; any other can be typed

if apps.is_installed("mezzanine.blog"):
    from mezzanine.blog import admin as blog_admin
    from mezzanine.blog.models import BlogPost

    class SearchedBlogPostAdmin(blog_admin.BlogPostAdmin):
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


def install_blog():
    """Register it under Mezzanine's name, before an admin.py of the project that extends it."""
    blog_admin.BlogPostAdmin = SearchedBlogPostAdmin
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
