"""The demo content of a new site: made by createdb, and removed by removedemo.

It is in the language of LANGUAGE_CODE and, where texts are translated, in each of LANGUAGES. What
locale/ does not have is in English.
"""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery, GalleryImage
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import current_site_id

from media_library.paths import root

from . import content
from .models import CONTACT, FEATURE, GALLERY, HERO, POSTS, TWEETS, HomePage, Section

FILES = Path(__file__).parent / "demo"
BLOG_TEXT = "<p>Blog</p>"  # Mezzanine's


def make_home_page(text):
    """Make the first page of the current site, which begins with a text."""
    page = HomePage(slug="/", _order=-1)
    write(page, title=_("Home"))
    write(Section(page=page, kind=HERO), text=text)
    for kind in (POSTS, GALLERY, TWEETS, CONTACT):
        page.sections.create(kind=kind)


@transaction.atomic
def fill(author):
    """Fill the pages of the current site, which createdb has made; of an author, write posts."""
    home = HomePage.objects.get(slug="/")
    paths = {file.name: add_file(file) for file in sorted(FILES.iterdir())}
    sections = [(HERO, content.HERO), *((FEATURE, each) for each in content.FEATURES)]
    sections += [(POSTS, {}), (GALLERY, {}), (TWEETS, {}), (CONTACT, content.CONTACT)]
    home.sections.all().delete()
    for kind, fields in sections:
        picture = paths.get(fields.get("picture"), "")
        link = address(fields["link"]) if "link" in fields else ""
        write(Section(page=home, kind=kind), **fields | {"picture": picture, "link": link})
    home.gen_description = False
    write(home, description=content.INTRODUCTION)
    fill_pages()
    for gallery in Gallery.objects.filter(slug="gallery"):
        write(gallery, content=content.GALLERY)
        for name, description in content.PICTURES.items():
            write(GalleryImage(gallery=gallery, file=paths[name]), description=description)
    for age, (title, text, picture) in enumerate(content.POSTS if author else ()):
        date = timezone.now() - timedelta(days=9 * age)
        post = BlogPost(user=author, publish_date=date, featured_image=paths[picture])
        write(post, title=title, content=text)


def address(link):
    """Return the address of a page of createdb, wherever urls.py and BLOG_SLUG put it.

    It has no language: visitors are led on to the page in theirs.
    """
    is_blog = link == "/blog/"
    try:
        path = reverse("blog_post_list") if is_blog else reverse("page", args=[link.strip("/")])
    except NoReverseMatch:
        return link
    language = f"/{get_language() or settings.LANGUAGE_CODE}/"
    has_language = is_language_prefix_patterns_used(settings.ROOT_URLCONF)[0]
    return "/" + path.removeprefix(language).removeprefix("/") if has_language else path


def fill_pages():
    for slug, title in content.TITLES.items():
        for page in Page.objects.filter(slug=slug):
            write(page, title=title)
    for slug, text in content.PAGES.items():
        for page in RichTextPage.objects.filter(slug=slug):
            write(page, content=text)
    for page in RichTextPage.objects.filter(content=BLOG_TEXT):
        write(page, content=content.BLOG)
    for form in Form.objects.filter(slug="contact"):
        write(form, **content.FORM)
        for field in form.fields.all():
            write(field, **content.FIELDS.get(field.label, {}))


def write(row, **texts):
    """Save a row with texts, which are strings or lazy translations, in each of languages()."""
    for language in languages():
        with override(language):
            for name, text in texts.items():
                setattr(row, name, str(text))
    for language in languages():
        with override(language):
            row.save()  # makes its description of its text in the language at hand


def languages():
    """Return the languages to write in, a list of codes, that of the project at its end."""
    others = dict(settings.LANGUAGES) if settings.USE_MODELTRANSLATION else ()
    return [*(code for code in others if code != settings.LANGUAGE_CODE), settings.LANGUAGE_CODE]


def add_file(file):
    """Put a picture into the media library of the current site; return its path there."""
    path = f"{root()}/demo/{file.name}"
    if default_storage.exists(path):
        return path
    return default_storage.save(path, ContentFile(file.read_bytes()))


def found():
    """Return what is in the current site as createdb has made it, by kind: a dict of querysets."""
    sections = Section.objects.filter(page__site_id=current_site_id())
    contact = sections.filter(kind=CONTACT)
    headings = [part["title"] for part in (content.HERO, *content.FEATURES)]
    texts = [part["text"] for part in (content.HERO, *content.FEATURES)]
    names, posts, _pictures = zip(*content.POSTS, strict=True)
    images = GalleryImage.objects.filter(gallery__site_id=current_site_id())
    pages = RichTextPage.objects.filter(slug__in=content.PAGES).order_by("-slug")
    forms = Form.objects.filter(slug="contact", entries=None)
    galleries = Gallery.objects.filter(slug="gallery", images=None)
    titles = content.TITLES.values()
    return {
        "sections": unedited(sections, title=headings, text=texts),
        "contact": unedited(
            contact, title=[content.CONTACT["title"]], text=[content.CONTACT["text"]]
        ),
        "posts": unedited(BlogPost.objects.all(), title=names, content=posts),
        "images": unedited(images, description=content.PICTURES.values()),
        "pages": unedited(pages, title=titles, content=content.PAGES.values()),
        "forms": unedited(forms, title=titles, content=[content.FORM["content"]]),
        "galleries": unedited(galleries, title=titles, content=[content.GALLERY]),
    }


def unedited(rows, **texts):
    """Return those of the rows whose fields have texts of createdb and no other, in any language.

    texts are the possible ones of each field, as content.py has them. A translated field may be
    empty in some of the languages, such as one that was added to LANGUAGES later.
    """
    for name, possible in texts.items():
        values, has_one = in_each_language(possible), Q()
        for column in columns(name):
            is_one = Q((f"{column}__in", values))
            rows = rows.filter(is_one | Q((column, "")) | Q((column, None)))
            has_one |= is_one
        rows = rows.filter(has_one)
    return rows


def in_each_language(texts):
    """Return texts of content.py in each language in which they may have been written, a list."""
    found = []
    for language in {"en", settings.LANGUAGE_CODE, *dict(settings.LANGUAGES)}:
        with override(language):
            found += [str(text) for text in texts]
    return found


def columns(name):
    """Return the fields that have a text: with translations, one for each language."""
    if not settings.USE_MODELTRANSLATION:
        return [name]
    from modeltranslation.utils import build_localized_fieldname

    return [build_localized_fieldname(name, language) for language in languages()]


def is_there():
    return any(rows.exists() for name, rows in found().items() if name != "forms")


@transaction.atomic
def remove():
    """Remove what createdb has made and nobody has edited; return the titles of that, a list.

    A page that has others below it stays, and so does a form with entries.
    """
    rows = found()
    removed = [str(row) for name in ("sections", "posts") for row in rows[name]]
    for section in rows["contact"]:
        write(section, title="", text="")
    for name in ("sections", "posts", "images"):
        rows[name].delete()
    for name in ("pages", "forms", "galleries"):
        for page in rows[name]:
            if not page.children.exists():
                removed.append(page.title)
                page.delete()
    for page in unedited(RichTextPage.objects.all(), content=[content.BLOG]):
        write(page, content=BLOG_TEXT)
    for page in unedited(HomePage.objects.all(), description=[content.INTRODUCTION]):
        write(page, description="")
    return removed
