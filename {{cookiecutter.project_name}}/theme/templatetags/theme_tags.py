"""Tags of the theme: pictures, and what the head of a page says."""

from django import template
from django.conf import settings
from django.urls import reverse, translate_url
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, get_language_info
from mezzanine.blog.models import BlogPost
from mezzanine.conf import settings as site_settings
from mezzanine.galleries.models import Gallery

from page_cache.compiled import compiled

from .. import look, pictures, structured
from ..text import first_sentences

register = template.Library()


class Remember(template.Node):
    child_nodelists = ("nodelist",)

    def __init__(self, name, nodelist):
        self.name, self.nodelist = name, nodelist

    def render(self, context):
        text = " ".join(strip_tags(self.nodelist.render(context)).split())
        context[self.name] = mark_safe(text)  # noqa: S308 - escaped when rendered
        return ""


@register.tag
def remember(parser, token):
    """Put what is inside into a variable, as text without tags: {% remember name %}, and the end.

    So a block, of which a template has one, can be shown more than once.
    """
    _, name = token.split_contents()
    nodelist = parser.parse(["endremember"])
    parser.delete_first_token()
    return Remember(name, nodelist)


@register.filter
def sentence(text):
    """Return the first sentences of a text, up to 160 characters."""
    return first_sentences(text)


# The head


@register.simple_tag(takes_context=True)
def canonical(context):
    """Return the one address of a page: without a query, but for the number of a page of a list."""
    request = context.get("request")
    if not request:
        return ""
    number = getattr(context.get("blog_posts"), "number", 1)
    path = request.path if number == 1 else f"{request.path}?page={number}"
    return request.build_absolute_uri(path)


@register.simple_tag(takes_context=True)
def translations(context):
    """Return the addresses of a page in the languages of the site, where they differ.

    A list of dicts with code, name and address; the last is x-default, which has no name.
    """
    request = context.get("request")
    if not request or len(settings.LANGUAGES) < 2:
        return []
    here = request.build_absolute_uri(request.path)
    addresses = {code: translate_url(here, code) for code, _ in settings.LANGUAGES}
    if len({*addresses.values()}) < 2 or addresses.get(get_language()) != here:
        return []
    addresses["x-default"] = addresses.get(settings.LANGUAGE_CODE, here)
    return [
        {"code": code, "address": address, "name": name_of(code)}
        for code, address in addresses.items()
    ]


def name_of(code):
    return "" if code == "x-default" else get_language_info(code)["name_local"]


@register.simple_tag(takes_context=True)
def share_picture(context):
    """Return the address of the picture with which a page is shared, or an empty str."""
    request = context.get("request")
    file = getattr(context.get("blog_post"), "featured_image", "")
    file = file or site_settings.LOOK_SHARE_PICTURE
    return request.build_absolute_uri(pictures.large(file)) if request and file else ""


@register.simple_tag
def look_address():
    """Return the address of the style sheet of the site's own look, or an empty str."""
    css = look.of_site()
    return f"{reverse('look')}?{look.version(css)}" if css else ""


@register.simple_tag
def upload(file):
    """Return the address of an upload as it is, or an empty str."""
    return look.address(file)


@register.simple_tag
def paper():
    """Return the colour of a light page."""
    return look.colour(site_settings.LOOK_PAPER) or look.PAPER[0]


@register.simple_tag(takes_context=True)
def structured_data(context, description, picture):
    """Return JSON-LD: the site, the way to the page and, of a post, what it is."""
    if not context.get("request"):
        return ""
    return structured.script(context, description, picture)


# Pictures


@register.simple_tag
def picture(file, alt, sizes, css_class="", loading="lazy"):
    """Return the <img> of an upload, in several widths; `sizes` is its width on the page."""
    found = pictures.versions(file)
    attributes = {"src": found["src"], "alt": alt, "class": css_class, "loading": loading}
    attributes |= {"width": found["width"], "height": found["height"]}
    if found["srcset"]:
        attributes |= {"srcset": found["srcset"], "sizes": sizes}
    shown = [(name, value) for name, value in attributes.items() if value or name == "alt"]
    return format_html("<img {}>", format_html_join(" ", '{}="{}"', shown))


@register.simple_tag
def large_picture(file):
    """Return the address of an upload in the largest width that pages show."""
    return pictures.large(file)


@register.simple_tag
def recent_pictures(number):
    """Return the first pictures of the first gallery of the site, GalleryImages."""
    galleries = first_gallery()
    return galleries[0].images.all()[:number] if galleries else []


@compiled(Gallery, is_kept=True)
def first_gallery():
    return Gallery.objects.published().order_by("_order", "pk")[:1]


@register.simple_tag
def recent_posts(number):
    """Return the latest posts, as Mezzanine's tag blog_recent_posts does.

    Their texts and authors are asked for where a template shows them.
    """
    return latest_posts(number)


@compiled(BlogPost, shape=1, is_kept=True)
def latest_posts(number):
    return BlogPost.objects.published().defer("content")[:number]
