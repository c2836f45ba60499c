"""JSON-LD, by which search engines know what a page is: https://schema.org."""

import json

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

# So that no text ends the element.
ESCAPES = {ord(letter): f"\\u{ord(letter):04X}" for letter in "<>&"}


def script(context, description, picture):
    """Return the element, with what the context of a template knows of the page."""
    request = context["request"]
    absolute = request.build_absolute_uri
    graph = [site(context["settings"].SITE_TITLE, absolute)]
    if (steps := way(context)) and len(steps) > 1:
        graph.append(breadcrumbs(steps, absolute))
    if post := context.get("blog_post"):
        graph.append(posting(post, absolute, description, picture))
    data = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False)
    safe = mark_safe(data.translate(ESCAPES))  # noqa: S308 - it ends no script: ESCAPES
    return format_html('<script type="application/ld+json">{}</script>', safe)


def site(title, absolute):
    home, search = absolute(reverse("home")), absolute(reverse("search"))
    action = {
        "@type": "SearchAction",
        "target": search + "?q={search_term_string}",
        "query-input": "required name=search_term_string",
    }
    return {"@type": "WebSite", "url": home, "name": title, "potentialAction": action}


def way(context):
    """Return the page and what is above it, from the top, as a list of (title, path)."""
    page, post = context.get("page"), context.get("blog_post")
    steps = []
    if getattr(page, "get_ascendants", None):
        above = [*reversed(page.get_ascendants())]
        steps = [(each.title, each.get_absolute_url()) for each in [*above, page]]
    if post:
        # The blog may be at an address that no page of the menus has: BLOG_SLUG.
        steps = steps or [(gettext("Blog"), reverse("blog_post_list"))]
        steps.append((post.title, post.get_absolute_url()))
    return steps


def breadcrumbs(steps, absolute):
    items = [
        {"@type": "ListItem", "position": number, "name": title, "item": absolute(path)}
        for number, (title, path) in enumerate(steps, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def posting(post, absolute, description, picture):
    author = post.user.get_full_name() or post.user.get_username() if post.user else ""
    found = {
        "@type": "BlogPosting",
        "headline": post.title[:110],
        "url": absolute(post.get_absolute_url()),
        "description": str(description),
        "datePublished": post.publish_date and post.publish_date.isoformat(),
        "dateModified": post.updated and post.updated.isoformat(),
        "author": author and {"@type": "Person", "name": author},
        "image": picture,
    }
    return {key: value for key, value in found.items() if value}
