"""A page of sections. Each kind has a template of its own: templates/homepage/KIND.html."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from mezzanine.core.fields import FileField
from mezzanine.core.models import Orderable
from mezzanine.pages.models import Page
from mezzanine.utils.models import upload_to

from page_cache.compiled import compiled

HERO, FEATURE, POSTS, GALLERY, TWEETS, CONTACT = KINDS = (
    *("hero", "feature", "posts"),
    *("gallery", "tweets", "contact"),
)
KINDS_OF_SECTIONS = [
    (HERO, _("Large heading")),
    (FEATURE, _("Feature")),
    (POSTS, _("Recent Posts")),
    (GALLERY, _("Gallery")),
    (TWEETS, _("Tweets")),
    (CONTACT, _("Contact form")),
]
ADDRESS = RegexValidator(
    r"\A(/(?!/)|#|https?://|mailto:|tel:)\S*\Z",
    _("Type an address such as /contact/ or https://example.com"),
)


class HomePage(Page):
    """Sections, one below the other."""

    class Meta:
        verbose_name = _("Home page")
        verbose_name_plural = _("Home pages")

    def get_template_name(self):
        """Return the template also where the page is at /, for which Mezzanine has another."""
        return "pages/homepage.html"

    def all_sections(self):
        """Return .sections.all(), a list, for the page that visitors ask for first."""
        sections = sections_of(self.pk)
        for section in sections:
            section.page = self
        return sections


class Section(Orderable):
    """A part of a home page; of its fields, it shows those that are filled in."""

    page = models.ForeignKey(HomePage, models.CASCADE, related_name="sections")
    kind = models.CharField(
        _("Kind"),
        max_length=20,
        choices=KINDS_OF_SECTIONS,
        default=HERO,
        help_text=_("Features that follow one another stand side by side."),
    )
    title = models.CharField(_("Title"), max_length=200, blank=True)
    text = models.TextField(_("Text"), blank=True)
    picture = FileField(
        _("Picture"),
        max_length=200,
        format="Image",
        blank=True,
        upload_to=upload_to("homepage.Section.picture", "homepage"),
    )
    picture_text = models.CharField(
        _("What it shows"),
        max_length=200,
        blank=True,
        help_text=_("Read to those who do not see the picture."),
    )
    link = models.CharField(_("Link"), max_length=500, blank=True, validators=[ADDRESS])
    link_text = models.CharField(_("Text of the link"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("Section")
        verbose_name_plural = _("Sections")
        order_with_respect_to = "page"

    def __str__(self):
        return self.title or str(self.get_kind_display())


@compiled(Section, is_kept=True)
def sections_of(page_id):
    return Section.objects.filter(page_id=page_id).order_by("_order")
