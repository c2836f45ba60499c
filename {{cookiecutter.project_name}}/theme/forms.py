"""Mezzanine's form of settings, with fields for the look of the site that say what is wrong."""

from django import forms
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.translation import gettext as _
from mezzanine.conf.forms import SettingsForm as MezzaninesForm
from mezzanine.conf.models import Setting
from mezzanine.core.fields import FileField

from . import look

FILES = {"LOGO": "Image", "ICON": "Image", "SHARE_PICTURE": "Image"}
FILES |= {"FONT_FILE": "Font", "HEADING_FONT_FILE": "Font"}
COLOURS = {"ACCENT": look.ACCENT, "PAPER": look.PAPER[0]}
COUNTS = ("BLOG_POST_PER_PAGE", "COMMENTS_NUM_LATEST", "MAX_PAGING_LINKS", "SEARCH_PER_PAGE")
COUNTS += ("TAG_CLOUD_SIZES",)
MOST = 1000  # of what a page shows
LONGEST = 1000  # characters of a text or a path that is on all pages
MOST_CHARACTERS = Setting._meta.get_field("value").max_length  # of any setting


class Select(forms.Select):
    """A list whose first choice, where there is no text for it, is Django's for nothing yet."""

    def create_option(self, name, value, label, *args, **kwargs):
        return super().create_option(name, value, label or BLANK_CHOICE_DASH[0][1], *args, **kwargs)


class SettingsForm(MezzaninesForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators.append(MaxLengthValidator(MOST_CHARACTERS))

    def _init_field(self, setting, field_class, name, *args, **kwargs):
        super()._init_field(setting, field_class, name, *args, **kwargs)
        short, field = name.removeprefix("LOOK_"), self.fields.get(name)
        if name.startswith("SITE_FOOTER"):
            for key in [key for key in self.fields if key.startswith(name)]:
                self.fields[key].widget = forms.Textarea({"rows": 3, "class": "charfield"})
                self.fields[key].validators.append(MaxLengthValidator(LONGEST))
        elif name.startswith("LOOK_") and short in FILES:
            options = {"label": field.label, "help_text": field.help_text}
            new = FileField(max_length=200, blank=True, format=FILES[short])
            self.fields[name] = new.formfield(initial=field.initial, **options)
            self.fields[name].validators.append(MaxLengthValidator(LONGEST))
        elif name.startswith("LOOK_") and short in COLOURS:
            field.widget = forms.TextInput({"type": "color"})
            field.initial = field.initial or COLOURS[short]
        elif name in COUNTS and field:
            field.validators += [MinValueValidator(0), MaxValueValidator(MOST)]

    def clean_LOOK_PAPER(self):
        paper = self.clean_colour("PAPER")
        ground = paper or look.PAPER[0]
        is_readable = look.contrast(look.MUTED, look.surface(ground)) >= look.READABLE
        if not is_readable or look.contrast(look.EDGE, ground) < look.VISIBLE:
            raise forms.ValidationError(
                _("Text cannot be read on this colour. Choose a lighter one.")
            )
        return paper

    def clean_colour(self, name):
        value = self.cleaned_data[f"LOOK_{name}"].lower()
        if value and not look.colour(value):
            raise forms.ValidationError(_("Type a colour such as #0b5a5e"))
        return "" if value == COLOURS[name] else value

    def clean_LOOK_ACCENT(self):
        return self.clean_colour("ACCENT")

    def clean(self):
        """Refuse a colour of links that cannot be read on the colour of the page."""
        cleaned = super().clean()
        accent = cleaned.get("LOOK_ACCENT") or look.ACCENT
        paper = cleaned.get("LOOK_PAPER") or look.PAPER[0]
        found = min(look.contrast(accent, ground) for ground in (paper, look.surface(paper)))
        if "LOOK_ACCENT" in self.fields and found < look.READABLE:
            words = _(
                "Links cannot be read in this colour: its contrast to the page is %(found).1f, and"
                " has to be %(least)s. Choose a darker one."
            )
            self.add_error("LOOK_ACCENT", words % {"found": found, "least": look.READABLE})
        return cleaned
