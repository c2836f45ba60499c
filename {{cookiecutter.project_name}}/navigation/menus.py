"""Mezzanine's tag page_menu, which loads the levels that the menus show, not the whole tree.

All that it offers to templates is as it was. The menus of the theme use these besides:

page_branch.shown    the first FEW pages of the level in this menu, and the one that leads to the
                     current page; of a small site, all pages of the level
page_branch.more     whether there are others
page_branch.path     the page of the level that leads to the current page, in a list, or none
page.is_open         whether the tree goes on below a page of page_branch.shown
page.has_submenu     whether a menu that unfolds does

And the tree of the admin: page_branch.rows, ROWS pages of the level from branch_from on, and
page_branch.next_row, where the next ones begin.
"""

from functools import cached_property, partial

from django.template import TemplateSyntaxError, Variable
from django.template.loader import get_template
from mezzanine.conf import settings
from mezzanine.pages.models import Page
from mezzanine.pages.templatetags import pages_tags
from mezzanine.utils.urls import home_slug

from languages.addresses import path_to_slug
from page_cache import shared
from page_cache.compiled import compiled

from .line import around, levels, line_of
from .peers import SELDOM, together
from .tree import Tree

ROWS = 100


def menus():
    """Return the IDs of each menu template that staff choose for a page, a dict."""
    found = {}
    for number, _, template in settings.PAGE_MENU_TEMPLATES:
        found.setdefault(template, []).append(number)
    return found


class PagesOfMenus(Tree):
    """What templates know as menu_pages: the pages of a level by the ID of the page above."""

    def __init__(self, user, context, home):
        request = context.get("request")
        # Without the request, of which Mezzanine would look up the language for each page.
        self.helpers = {name: context[name] for name in ("_current_page", "_parent_page_ids")}
        self.slug = path_to_slug(request.path_info) if request else None
        self.in_menus = {}  # whether a page with such in_menus is in a menu
        self.templates = {}  # of menus, by name
        self.is_for_visitors = user is None or not user.is_authenticated
        find_pages, line = partial(pages_for, user), context["_parent_page_ids"]
        super().__init__(find_pages, line, menus(), home, once_for(request, user))

    def __getitem__(self, parent_id):
        if isinstance(parent_id, str):  # templates try this before the attribute of that name
            raise KeyError(parent_id)
        return self.all(self.level(parent_id))

    def get(self, parent_id, default=None):
        return self[parent_id] or default

    def rows_of_line(self, menus):
        """Load the line and all that is below it, unless these are many, for all menus at once: by
        levels and menus, a deep page takes a statement of fifty parts."""
        if self.is_for_visitors:
            pages = self.describe(together(line_for_visitors(*self.line)))
        else:
            pages = self.load(around(self.line, self.pages))
        self.known |= {page.pk: page for page in pages}
        return {
            (parent, menu): [page.pk for page in below if self.is_in_menu(page.in_menus, menu)]
            for parent, below in levels(pages, self.line if pages else ()).items()
            for menu in menus
        }

    def template(self, name):
        if name not in self.templates:
            self.templates[name] = get_template(name)
        return self.templates[name]

    def describe(self, pages):
        for page in pages:
            page.set_helpers(self.helpers)
            page.is_current = page.slug == self.slug
            page.num_children = partial(self.number, page.pk)
            page.has_children = partial(self.has_children, page.pk)
        return pages

    def number(self, parent_id):
        return sum(number for _, number in self.numbers(self.level(parent_id)))

    def has_children(self, parent_id):
        return self.number(parent_id) > 0

    def number_in_menu(self, parent_id, menu):
        rows = self.numbers(self.level(parent_id))
        return sum(number for in_menus, number in rows if self.is_in_menu(in_menus, menu))

    def is_in_menu(self, in_menus, menu):
        key = (str(in_menus), menu)
        if key not in self.in_menus:
            self.in_menus[key] = Page(in_menus=in_menus).in_menu_template(menu)
        return self.in_menus[key]


class Branch:
    """What templates know as page_branch: a level as one menu shows it."""

    def __init__(self, tree, menu, parent, start=0):
        self.tree, self.menu, self.parent, self.start = tree, menu, parent, start
        self.level = tree.level(parent.pk if parent else None)
        self.depth = getattr(parent, "branch_level", 0) + 1 if parent else 0

    def __iter__(self):
        return iter(self.all)

    def __len__(self):
        return len(self.all)

    def __bool__(self):
        self.tree.load_line(self.level)
        return any(self.level.few.values()) or self.tree.number(self.level.parent_id) > 0

    def __getitem__(self, index):
        if isinstance(index, str):  # templates try this before the attribute of that name
            raise KeyError(index)
        return self.all[index]

    @cached_property
    def all(self):
        pages = self.tree.all(self.level)
        for page in self.describe(pages):
            page.num_children_in_menu = self.tree.number_in_menu(page.pk, self.menu)
            page.has_children_in_menu = page.num_children_in_menu > 0
        return pages

    @cached_property
    def shown(self):
        if self.level.pages is not None:
            pages = self.all
        elif self.parent and self.parent.pk not in self.tree.line:
            pages = (self.tree.unfold(self.menu) or {}).get(self.parent.pk, [])
        else:
            pages = self.tree.few(self.level, self.menu)
        for page in self.describe(pages):
            page.is_open = partial(self.is_open, page)
            page.has_submenu = partial(self.has_submenu, page)
        return pages

    @property
    def more(self):
        return self.shown is self.level.few.get(self.menu) and self.tree.more(self.level, self.menu)

    @cached_property
    def path(self):
        if self.level.pages is not None:
            pages = self.all
        else:
            self.tree.load_line(self.level)
            pages = [page for few in self.level.few.values() for page in few]
        return self.describe([page for page in pages if page.pk in self.tree.line][:1])

    @cached_property
    def rows(self):
        pages, self.next_row = self.tree.part(self.level, self.start, ROWS)
        self.next_row = self.next_row and self.start + ROWS
        return self.describe(pages)

    def is_in_menu(self):
        """Return whether a page of the level is in the menu."""
        self.tree.load_line(self.level)
        few = self.level.few.get(self.menu)
        if few is None and self.parent and self.menu in self.tree.submenus:
            few = (self.tree.submenus[self.menu] or {}).get(self.parent.pk)
        if few is not None:
            return any(self.tree.is_in_menu(page.in_menus, self.menu) for page in few)
        return self.tree.number_in_menu(self.level.parent_id, self.menu) > 0

    def is_in_footer(self):
        return self.is_in_menu() or (bool(self) and "footer" not in self.menu)

    def describe(self, pages):
        """Let pages have what templates know of them in this menu."""
        for page in pages:
            page.in_menu = self.tree.is_in_menu(page.in_menus, self.menu)
            page.branch_level = self.depth
            page.parent = self.parent
            # Of before there was in_menus.
            page.in_navigation = page.in_menu
            page.in_footer = page.in_menu or "footer" not in self.menu
        return pages

    def is_open(self, page):
        if self.tree.is_whole:
            return page.has_children_in_menu
        return page.pk in self.tree.line and bool(
            self.tree.few(self.tree.level(page.pk), self.menu)
        )

    def has_submenu(self, page):
        if self.tree.is_whole:
            return page.has_children_in_menu
        below = None if self.depth else self.tree.unfold(self.menu)
        return below is not None and (page.pk in below or self.is_open(page))


def page_menu(context, token):
    menu, parent = arguments(context, token)
    context["menu_template_name"] = menu
    if "menu_pages" not in context:
        begin(context)
    branch = context["page_branch"] = Branch(
        context["menu_pages"], menu, parent, context.get("branch_from", 0)
    )
    context["branch_level"] = branch.depth
    context["parent_page"] = parent
    # Templates call them where they need them.
    context["page_branch_in_menu"] = context["page_branch_in_navigation"] = branch.is_in_menu
    context["page_branch_in_footer"] = branch.is_in_footer
    return context["menu_pages"].template(menu).render(context.flatten())


def arguments(context, token):
    """Return the name of a template, and the page above or None; either may be left out."""
    if not hasattr(token, "variables"):  # which are the same each time
        token.variables = [Variable(part) for part in token.split_contents()[1:]]
    values = [variable.resolve(context) for variable in token.variables]
    names = [value for value in values if isinstance(value, str)]
    parents = [value for value in values if isinstance(value, Page)]
    names = names or [context.get("menu_template_name")]
    if names[-1] is None:
        raise TemplateSyntaxError(f"No template found for page_menu in: {values}")
    return names[-1], parents[-1] if parents else None


def pages_for(user):
    return Page.objects.published(for_user=user).select_related(None)


@compiled(Page)
def line_for_visitors(*line):
    return around(line, pages_for(None).defer(*SELDOM))


def once_for(request, user):
    """Return shared.once() for visitors, or None: who is logged in may see more pages."""
    if user is not None and shared.is_possible(request) and not user.is_authenticated:
        return partial(shared.once, request)
    return None


def begin(context):
    """Put into the context what all menus of an answer share."""
    request = context.get("request")
    user = getattr(request, "user", None)
    path, home = request.path if user else "", home_slug()
    of_all = context.dicts[0]
    if "page" in context:
        of_all["_current_page"] = context["page"]
    else:
        here = pages_for(user).exclude(content_model="link").filter(slug=path)
        of_all["_current_page"] = here.only("pk", "parent").order_by().first()
    of_all["_parent_page_ids"] = line_of(of_all["_current_page"])
    of_all["menu_pages"] = PagesOfMenus(user, context, home)
    of_all["on_home"] = path == home
    of_all["has_home"] = of_all["menu_pages"].has_home


def install():
    pages_tags.register.render_tag(page_menu)
