"""What templates say of the pages that are made of them."""

from django import template
from django.utils.translation import get_language

from .. import parts

register = template.Library()


class Public(template.Node):
    child_nodelists = ("nodelist",)

    def __init__(self, name, nodelist):
        self.name, self.nodelist = name, nodelist

    def render(self, context):
        def render():
            with context.push():  # as it is where the part is not rendered, but found
                return self.nodelist.render(context)

        return parts.show(context.get("request"), ("text", self.name, get_language()), render)


@register.tag
def public(parser, token):
    """Say that what is inside shows nothing of the visitor: {% public name %}, and the end.

    The name is a word that no other such part of a page has; those of one name are never kept.
    """
    _, name = token.split_contents()
    nodelist = parser.parse(["endpublic"])
    parser.delete_first_token()
    return Public(name, nodelist)
