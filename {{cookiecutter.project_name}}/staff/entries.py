"""What visitors have sent by a form, as staff see, filter and export it."""

import csv
import re
from datetime import date
from pathlib import PurePosixPath

from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _
from mezzanine.conf import settings
from mezzanine.forms import fields, forms
from mezzanine.forms.models import FormEntry
from mezzanine.utils.email import split_addresses

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
CHUNK = 1000  # entries that are loaded at once
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")

# By the filter: whether what was chosen, or the text, has what staff look for.
MATCHES = {
    forms.FILTER_CHOICE_CONTAINS: lambda wanted, text: wanted.lower() in text.lower(),
    forms.FILTER_CHOICE_DOESNT_CONTAIN: lambda wanted, text: wanted.lower() not in text.lower(),
    forms.FILTER_CHOICE_EQUALS: lambda wanted, text: wanted.lower() == text.lower(),
    forms.FILTER_CHOICE_DOESNT_EQUAL: lambda wanted, text: wanted.lower() != text.lower(),
    forms.FILTER_CHOICE_CONTAINS_ANY: lambda wanted, chosen: bool(wanted & chosen),
    forms.FILTER_CHOICE_CONTAINS_ALL: lambda wanted, chosen: wanted <= chosen,
    forms.FILTER_CHOICE_DOESNT_CONTAIN_ANY: lambda wanted, chosen: not wanted & chosen,
    forms.FILTER_CHOICE_DOESNT_CONTAIN_ALL: lambda wanted, chosen: not wanted <= chosen,
}


class EntriesForm(forms.EntriesForm):
    """Mezzanine's, with rows of its own, and filters that say what they are."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name.endswith("_filter"):
                field.widget.attrs["aria-label"] = _("Filter by")

    def rows(self, csv=False):
        """Yield a list for each entry that passes all filters, the newest first.

        What is shown begins with the number of the entry, which its checkbox has.
        """
        shown = [field for field in self.form_fields if self.value(field.id, "export")]
        entries = FormEntry.objects.filter(form=self.form).order_by("-pk")
        for entry in entries.prefetch_related("fields").iterator(CHUNK):
            sent = {each.field_id: each for each in entry.fields.all()}
            if not self.is_in_time(entry) or not self.passes(sent):
                continue
            row = [self.cell(field, sent.get(field.id), csv) for field in shown]
            if self.value(0, "export"):
                row.append(localtime(entry.entry_time))
            yield row if csv else [entry.pk, *row]

    @cached_property
    def shown(self):
        """The rows of the page, a list."""
        return [*self.rows()]

    def value(self, field_id, name):
        return self.cleaned_data.get(f"field_{field_id}_{name}")

    def is_in_time(self, entry):
        return self.is_between(0, localtime(entry.entry_time).date())

    def is_between(self, field_id, day):
        """Return whether a date, or None, is within the first and the last day, if any is given."""
        if self.value(field_id, "filter") != forms.FILTER_CHOICE_BETWEEN:
            return True
        first, last = self.value(field_id, "from"), self.value(field_id, "to")
        if day is None:
            return not first and not last
        return (first or day) <= day <= (last or day)

    def passes(self, sent):
        """Return whether an entry has what each filter asks for; sent is by field."""
        for field in self.form_fields:
            stored = sent.get(field.id)
            text = (stored and stored.value) or ""
            wanted = self.value(field.id, "contains")
            match = MATCHES.get(self.value(field.id, "filter"))
            if field.is_a(*fields.DATES):
                if not self.is_between(field.id, day_of(text)):
                    return False
            elif wanted and match:
                many = isinstance(wanted, list)
                if not match(
                    set(wanted) if many else wanted, chosen(field, text) if many else text
                ):
                    return False
        return True

    def cell(self, field, stored, csv):
        """Return what is shown of a field: a link to a file, or the text."""
        if not stored or not stored.value or not field.is_a(fields.FILE):
            return (stored and stored.value) or ""
        url = self.request.build_absolute_uri(reverse("admin:form_file", args=(stored.id,)))
        name = PurePosixPath(stored.value).name
        return url if csv else format_html('<a href="{}">{}</a>', url, name)

    def response(self):
        """Return the rows as CSV that Excel and LibreOffice read in UTF-8, and run nothing of."""
        name = f"{self.form.slug.rpartition('/')[2] or 'form'}-{localtime(now()):%Y-%m-%d-%H%M}.csv"
        response = StreamingHttpResponse(self.lines(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = content_disposition_header(True, name)
        return response

    def lines(self):
        """Yield the text line by line, so that no number of entries fills the memory."""
        writer = csv.writer(Lines, delimiter=settings.FORMS_CSV_DELIMITER, quoting=csv.QUOTE_ALL)
        yield "\ufeff" + writer.writerow([harmless(column) for column in self.columns()])
        for row in self.rows(csv=True):
            yield writer.writerow([harmless(value) for value in row])


class Lines:
    """A file for csv.writer, which then returns each line."""

    @staticmethod
    def write(line):
        return line


def day_of(text):
    """Return the date that a stored date, or date and time, begins with, or None."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def chosen(field, text):
    """Return the choices of a stored text, a set; a choice may have commas in it."""
    if not field.is_a(*fields.MULTIPLE):
        return {text} if text else set()
    choices = sorted((choice for choice, _ in field.get_choices()), key=len, reverse=True)
    known = re.compile(rf"(?:^|, )({'|'.join(map(re.escape, choices)) or '$'})(?=, |$)")
    return {*known.findall(text), *split_addresses(known.sub("", text))}


def harmless(value):
    """Return the text of a cell, which no program takes for a formula."""
    value = f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "hour") else str(value)
    is_formula = FORMULA.match(value) and not NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value
