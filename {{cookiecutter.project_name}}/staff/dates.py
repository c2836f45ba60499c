"""Dates and times in forms that staff make, and where they edit a page in place: blank is blank."""

from functools import wraps

from django.forms.widgets import SelectDateWidget
from mezzanine.core import forms as core
from mezzanine.forms import fields


class SelectDate(SelectDateWidget):
    """Offers the year that there is, too: else a date of last year would be lost when saved."""

    def get_context(self, name, value, attrs):
        year, years = self.format_value(value)["year"], [*self.years]
        if year and year not in years:
            self.years = sorted([*years, year], reverse=years[0] > years[-1])
        return super().get_context(name, value, attrs)


def blank_is_blank(value_from_datadict):
    """Let a date and a time that are left out be "", which Django knows, and not " "."""

    @wraps(value_from_datadict)
    def value(widget, data, files, name):
        found = value_from_datadict(widget, data, files, name)
        return found if found.strip() else ""

    return value


def install():
    widget = core.SplitSelectDateTimeWidget
    widget.value_from_datadict = blank_is_blank(widget.value_from_datadict)
    core.SelectDateWidget = SelectDate
    for field_type in (fields.DATE, fields.DOB):
        if fields.WIDGETS[field_type] is SelectDateWidget:  # not with FORMS_USE_HTML5
            fields.WIDGETS[field_type] = SelectDate
