"""Forms with every type of field: sent, mailed, filtered, exported, deleted with their files."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import localdate, now
from mezzanine.forms import fields, forms
from mezzanine.forms.models import Field, FieldEntry, Form, FormEntry

from staff.entries import harmless

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

YEAR = now().year + 1
SENT = {  # by the type of a field: its label, what a browser sends, what is stored
    fields.TEXT: ("Name", {"": "Ännchen"}, "Ännchen"),
    fields.TEXTAREA: ("Message", {"": "Two\nlines"}, "Two\nlines"),
    fields.EMAIL: ("Mail", {"": "anna@guest.example"}, "anna@guest.example"),
    fields.NUMBER: ("Number", {"": "1.5"}, "1.5"),
    fields.URL: ("Web", {"": "https://guest.example/"}, "https://guest.example/"),
    fields.CHECKBOX: ("Agreed", {"": "on"}, "True"),
    fields.CHECKBOX_MULTIPLE: ("Bread", {"": ["rye", "a, b"]}, "rye, a, b"),
    fields.SELECT: ("Oven", {"": "a, b"}, "a, b"),
    fields.SELECT_MULTIPLE: ("Days", {"": ["rye", "oat"]}, "rye, oat"),
    fields.RADIO_MULTIPLE: ("Time", {"": "oat"}, "oat"),
    fields.DATE: ("Day", {"_year": YEAR, "_month": 2, "_day": 3}, f"{YEAR}-02-03"),
    fields.DATE_TIME: (
        "When",
        {"_0_year": YEAR, "_0_month": 2, "_0_day": 3, "_1": "04:05"},
        f"{YEAR}-02-03 04:05:00+00:00",
    ),
    fields.DOB: ("Born", {"_year": 1980, "_month": 2, "_day": 3}, "1980-02-03"),
    fields.HIDDEN: ("Secret", {"": "campaign"}, "campaign"),
}
PDF = b"%PDF-1.4 a\xff"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """Where files of entries are while a test runs."""
    root = tmp_path / "private"
    root.mkdir()
    monkeypatch.setattr(forms.fs, "_location", root)
    monkeypatch.chdir(root)  # what a path relative to it leads to is seen too
    for name in ("base_location", "location"):
        forms.fs.__dict__.pop(name, None)
    yield root
    for name in ("base_location", "location"):
        forms.fs.__dict__.pop(name, None)


@pytest.fixture
def form(settings, db):
    """A form with a field of every type."""
    settings.TIME_ZONE = "UTC"
    form = Form.objects.get(slug="contact")
    form.fields.all().delete()
    Form.objects.update(send_email=True, email_copies="staff@site.example", email_subject="Sent")
    for kind in dict(fields.NAMES):
        label = SENT[kind][0] if kind in SENT else "File"
        choices = "rye, oat, `a, b`"
        Field.objects.create(
            form=form, label=label, field_type=kind, required=False, choices=choices
        )
    return form


@pytest.fixture
def send(browse, form):
    """Return a function that sends the form as a visitor: all fields, or only some."""

    def send(file=None, kinds=SENT, **texts):
        data = {"referrer": ""}
        for field in form.fields.all():
            if field.field_type in kinds:
                parts = SENT[field.field_type][1]
                data |= {f"field_{field.pk}{part}": value for part, value in parts.items()}
            if field.field_type == fields.FILE and file:
                data[f"field_{field.pk}"] = file
            if field.label in texts:
                data[f"field_{field.pk}"] = texts[field.label]
        answer = browse().post(form.get_absolute_url(), data)
        assert answer.status_code == 302, answer.context["form"].errors
        return FormEntry.objects.latest("pk")

    return send


@pytest.fixture
def ask(browse, form):
    """Return a function that shows or exports entries to staff, filtered by labels of fields."""

    def ask(act=None, hide=(), selected=(), **filters):
        data = {"field_0_export": "on", "selected": selected}
        for field in form.fields.all():
            data |= {} if field.label in hide else {f"field_{field.pk}_export": "on"}
            for name, value in filters.get(field.label, {}).items():
                data[f"field_{field.pk}_{name}"] = value
        for name, value in filters.get("entry", {}).items():
            data[f"field_0_{name}"] = value
        data |= {act: "1"} if act else {}
        return browse("admin").post(f"/admin/forms/form/{form.pk}/entries/", data)

    return ask


def shown(answer):
    """Return the rows of entries on a page of the admin, each a list of texts."""
    assert answer.status_code == 200
    table = BeautifulSoup(answer.content, "html.parser").select("#entries-table tr")
    return [[cell.text for cell in row.find_all("td")][1:] for row in table[1:]]


def exported(answer):
    text = answer.getvalue().decode("utf-8-sig")
    return [*csv.reader(io.StringIO(text, newline=""))]


def test_every_type_of_field_is_one_of_the_tests():
    assert {*dict(fields.NAMES)} == {*SENT, fields.FILE}


def test_what_is_sent_is_stored_shown_and_exported(form, send, ask):
    entry = send()
    stored = dict(entry.fields.values_list("field_id", "value"))
    for field in form.fields.exclude(field_type=fields.FILE):
        assert stored[field.pk] == SENT[field.field_type][2], field.label
    (row,) = shown(ask())
    header, line = exported(ask("export"))
    for label, _, value in SENT.values():
        assert value in row
        assert line[header.index(label)] == value, label


def test_nothing_is_stored_of_what_is_left_out(send, ask):
    entry = send(kinds=())
    values = {value or "" for value in entry.fields.values_list("value", flat=True)}
    assert values <= {"", "False"}
    assert len(shown(ask())) == 1


def test_mail_goes_to_the_visitor_and_with_the_file_to_staff(send, mailoutbox):
    send(SimpleUploadedFile("Bewerbung für Köln.pdf", PDF))
    to_visitor, to_staff = mailoutbox
    assert to_visitor.to == ["anna@guest.example"]
    assert to_staff.to == ["staff@site.example"]
    assert to_staff.extra_headers == {"Reply-To": "anna@guest.example"}
    assert to_staff.attachments[0][:2] == ("Bewerbung für Köln.pdf", PDF)
    for mail in mailoutbox:
        assert mail.subject == "Sent"
        assert "Ännchen" in mail.body
        assert b"Subject: Sent" in mail.message().as_bytes()


NAMES = [
    "Bewerbung für Köln.pdf",
    "ü" * 200 + ".pdf",
    "x" * 254,
    '"><img src=x>.pdf',
    "###",
    "a\nb",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_comes_back_as_it_was_sent(send, ask, browse, root, name):
    entry = send(SimpleUploadedFile(name, PDF))
    (file,) = (root / "forms").rglob("*.*") if "." in name else (root / "forms").rglob("*/*")
    assert [*root.iterdir()] == [root / "forms"]
    page = BeautifulSoup(ask().content, "html.parser")
    (link,) = page.select("#entries-table a")
    assert link.text == file.name
    assert not page.select("#entries-table img")
    answer = browse("admin").get(link["href"])
    assert b"".join(answer.streaming_content) == PDF
    assert str(root) not in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment")
    assert entry.fields.filter(value=str(file.relative_to(root))).exists()


# Filters


DAY = date(YEAR, 2, 3)


def between(first, last):
    """Return a filter by dates, as three boxes for each."""
    found = {"filter": forms.FILTER_CHOICE_BETWEEN}
    for name, day in (("from", first), ("to", last)):
        for part in ("year", "month", "day") if day else ():
            found[f"{name}_{part}"] = getattr(day, part)
    return found


@pytest.mark.parametrize("label", ["Day", "When"])
@pytest.mark.parametrize("hide", [(), ("Day", "When")], ids=["shown", "hidden"])
@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(DAY, DAY, 1), (None, DAY, 1), (DAY, None, 1), (None, None, 2), (DAY + timedelta(1), None, 0)],
)
def test_entries_are_filtered_by_date(send, ask, label, hide, first, last, count):
    send()
    send(kinds=())  # which has none
    assert len(shown(ask(hide=hide, **{label: between(first, last)}))) == count


@pytest.mark.parametrize(("days", "count"), [(0, 1), (1, 0), (-1, 1)])
def test_entries_are_filtered_by_the_day_that_they_were_sent(send, ask, days, count):
    send()
    first = localdate() + timedelta(days)
    last = max(first, localdate())
    last = localdate() if days <= 0 else last
    assert len(shown(ask(entry=between(first, last)))) == count


CONTAINS, NOT, EQUALS, UNEQUAL = "1", "2", "3", "4"
ANY, ALL, NOT_ANY, NOT_ALL = "6", "7", "8", "9"


@pytest.mark.parametrize(
    ("label", "kind", "wanted", "count"),
    [
        ("Name", CONTAINS, "ÄNN", 1),
        ("Name", NOT, "änn", 0),
        ("Mail", EQUALS, "ANNA@guest.example", 1),
        ("Mail", UNEQUAL, "anna@guest.example", 0),
        ("Agreed", ANY, ["True"], 1),
        ("Agreed", ANY, ["False"], 0),
        ("Oven", ANY, ["a, b"], 1),
        ("Time", NOT_ANY, ["oat"], 0),
        ("Bread", ANY, ["a, b"], 1),
        ("Bread", ALL, ["rye"], 1),
        ("Bread", ALL, ["rye", "oat"], 0),
        ("Bread", NOT_ANY, ["oat"], 1),
        ("Bread", NOT_ALL, ["rye", "oat"], 1),
    ],
)
def test_entries_are_filtered_by_what_was_sent(send, ask, label, kind, wanted, count):
    send()
    assert len(shown(ask(**{label: {"filter": kind, "contains": wanted}}))) == count


# Export


FORMULAS = ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(1)", "\t=1", " =1", "＝1", "a;=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_spreadsheet_runs_what_a_visitor_typed(send, ask, text):
    send(Message=f"{text}x")
    answer = ask("export")
    header, line = exported(answer)
    cell = line[header.index("Message")]
    assert cell.lstrip()[0] not in "=+-@\t＝"
    assert text.strip() in cell
    assert ask("export").getvalue().startswith(b"\xef\xbb\xbf")  # Excel reads umlauts by it
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("text", ["-5", "+49", "1,5", "text", ""])
def test_numbers_stay_numbers(text):
    assert harmless(text) == text


def test_the_file_has_a_name_for_every_system(form, send, ask):
    send()
    Form.objects.update(slug="über-uns/kontakt")
    name = ask("export")["Content-Disposition"]
    assert "/" not in name
    assert name.startswith('attachment; filename="kontakt-')


# Deleting


def test_a_file_that_cannot_be_stored_leaves_no_entry_and_is_told(form, browse, root, monkeypatch):
    def save(name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(forms.fs, "save", save)
    name, file = (form.fields.get(label=label) for label in ("Name", "File"))
    data = {"referrer": "", f"field_{name.pk}": "Anna", f"field_{file.pk}": io.BytesIO(PDF)}
    answer = browse().post(form.get_absolute_url(), data)
    assert "The file could not be stored" in answer.text
    assert 'value="Anna"' in answer.text
    assert not FormEntry.objects.exists()
    monkeypatch.undo()


def test_an_entry_is_deleted_with_its_file(send, ask, root, django_capture_on_commit_callbacks):
    entry, other = send(SimpleUploadedFile("a.pdf", PDF)), send(SimpleUploadedFile("b.pdf", PDF))
    with django_capture_on_commit_callbacks(execute=True):
        assert "1 entry deleted" in ask("delete", selected=[entry.pk]).text
    assert [file.name for file in root.rglob("*.pdf")] == ["b.pdf"]
    assert [*FormEntry.objects.all()] == [other]
    assert len([*Path(root, "forms").iterdir()]) == 1


def test_a_form_is_deleted_with_all_files(form, send, root, django_capture_on_commit_callbacks):
    send(SimpleUploadedFile("a.pdf", PDF))
    Field.objects.filter(field_type=fields.FILE).delete()  # it was of the form once
    with django_capture_on_commit_callbacks(execute=True):
        form.delete()
    assert [*root.rglob("*.pdf")] == []


def test_who_types_the_path_of_a_file_deletes_nothing(
    send, root, django_capture_on_commit_callbacks
):
    send(SimpleUploadedFile("a.pdf", PDF))
    path = FieldEntry.objects.get(value__endswith="a.pdf").value
    entry = send(Name=path)
    with django_capture_on_commit_callbacks(execute=True):
        entry.delete()
    assert Path(root, path).is_file()


def test_an_export_is_sent_while_it_is_read(form, send, ask):
    """So that no number of entries fills the memory of the server."""
    send()
    answer = ask("export")
    assert answer.streaming
    assert len([*answer.streaming_content]) == 2
