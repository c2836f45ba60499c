"""The demo content of a new site: made by createdb, and removed by removedemo."""

from datetime import timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery, GalleryImage
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import current_site_id

from media_library.paths import root

from . import content
from .models import CONTACT, FEATURE, GALLERY, HERO, POSTS, TWEETS, HomePage, Section

FILES = Path(__file__).parent / "demo"
CONTACT_FORM = "<p>Fill in the form below to get in touch with us.</p>"  # Mezzanine's
BLOG_TEXT = "<p>Blog</p>"  # too


def make_home_page(text):
    """Make the first page of the current site, which begins with a text."""
    page = HomePage.objects.create(title="Home", slug="/", _order=-1)
    page.sections.create(kind=HERO, text=text)
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
        home.sections.create(kind=kind, **fields | {"picture": picture})
    home.description, home.gen_description = content.INTRODUCTION, False
    home.save()
    for slug, text in content.PAGES.items():
        for page in RichTextPage.objects.filter(slug=slug):
            page.content = text
            page.save()
    replace_text_of_blog(BLOG_TEXT, content.BLOG)
    for gallery in Gallery.objects.filter(slug="gallery"):
        gallery.content = content.GALLERY
        gallery.save()
        for name, description in content.PICTURES.items():
            gallery.images.create(file=paths[name], description=description)
    for age, (title, text, picture) in enumerate(content.POSTS if author else ()):
        date = timezone.now() - timedelta(days=9 * age)
        fields = {"user": author, "publish_date": date, "featured_image": paths[picture]}
        BlogPost.objects.create(title=title, content=text, **fields)


def replace_text_of_blog(old, new):
    for page in RichTextPage.objects.filter(content=old):
        page.content = new
        page.save()


def add_file(file):
    """Put a picture into the media library of the current site; return its path there."""
    path = f"{root()}/demo/{file.name}"
    if default_storage.exists(path):
        return path
    return default_storage.save(path, ContentFile(file.read_bytes()))


def found():
    """Return what is in the current site as createdb has made it, by kind: a dict of querysets."""
    sections = Section.objects.filter(page__site_id=current_site_id())
    titles = [each["title"] for each in (content.HERO, *content.FEATURES)]
    texts = [each["text"] for each in (content.HERO, *content.FEATURES)]
    posts = [text for _, text, _ in content.POSTS]
    pages = RichTextPage.objects.filter(slug__in=content.PAGES)
    images = GalleryImage.objects.filter(gallery__site_id=current_site_id())
    return {
        "sections": sections.filter(title__in=titles, text__in=texts),
        "contact": sections.filter(kind=CONTACT, text=content.CONTACT["text"]),
        "posts": BlogPost.objects.filter(content__in=posts),
        "images": images.filter(description__in=content.PICTURES.values()),
        "pages": pages.filter(content__in=content.PAGES.values()).order_by("-slug"),
        "forms": Form.objects.filter(slug="contact", content=CONTACT_FORM, entries=None),
        "galleries": Gallery.objects.filter(slug="gallery", content=content.GALLERY, images=None),
    }


def is_there():
    return any(rows.exists() for name, rows in found().items() if name != "forms")


@transaction.atomic
def remove():
    """Remove what createdb has made and nobody has edited; return the titles of that, a list.

    A page that has others below it stays, and so does a form with entries.
    """
    rows = found()
    removed = [str(row) for name in ("sections", "posts") for row in rows[name]]
    rows["contact"].update(title="", text="")
    for name in ("sections", "posts", "images"):
        rows[name].delete()
    for name in ("pages", "forms", "galleries"):
        for page in rows[name]:
            if not page.children.exists():
                removed.append(page.title)
                page.delete()
    replace_text_of_blog(content.BLOG, BLOG_TEXT)
    HomePage.objects.filter(description=content.INTRODUCTION).update(description="")
    return removed
