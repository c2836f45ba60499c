"""Faults of Mezzanine's views for staff."""

import inspect
from datetime import date
from pathlib import Path

import pytest
from django.contrib.sessions.management.commands import clearsessions
from django.core.files.storage import FileSystemStorage
from django.core.validators import MinValueValidator
from django.forms.widgets import SelectDateWidget
from django.template import Context, TemplateSyntaxError
from django.urls import NoReverseMatch, reverse
from filebrowser_safe.base import FieldFileObject
from filebrowser_safe.fields import FileBrowseField, FileBrowseWidget
from mezzanine.blog.models import BlogPost
from mezzanine.boot import lazy_admin
from mezzanine.conf import admin as conf_admin
from mezzanine.core import forms as core_forms
from mezzanine.core.forms import SplitSelectDateTimeWidget
from mezzanine.core.models import CONTENT_STATUS_DRAFT, Displayable
from mezzanine.forms import admin as forms_admin
from mezzanine.forms import forms
from mezzanine.forms.fields import TEXT
from mezzanine.forms.models import Form
from mezzanine.galleries import models as galleries
from mezzanine.generic.models import Keyword, ThreadedComment
from mezzanine.pages.models import Page
from originals import original

pytestmark = pytest.mark.django_db


def test_entries_are_shown_by_a_style_sheet_in_a_form():
    template = Path(forms_admin.__file__).with_name("templates") / "admin/forms/entries.html"
    assert "<style>#entries-title:after" in template.read_text("utf-8")


def test_html_of_the_admin_is_not_valid(post):
    post.featured_image = "no.png"
    thumb = original("mezzanine.utils.models.AdminThumbMixin.admin_thumb")(post)
    avatar = original("mezzanine.generic.models.ThreadedComment.avatar_link")(ThreadedComment())
    for picture in (thumb, avatar):
        assert "<img" in picture
        assert "alt=" not in picture
    render = original("mezzanine.core.forms.CheckboxSelectMultiple.render")
    checkboxes = render(core_forms.CheckboxSelectMultiple(choices=[(1, "One")]), "menus", [1])
    assert checkboxes.startswith("<span class='multicheckbox'><div")
    assert "id_for_label" not in inspect.getsource(core_forms.OrderWidget)


def test_what_the_admin_leaves_out_is_imported_into_a_function():
    """Where Python 3.13 does not see it: https://peps.python.org/pep-0667/"""
    source = inspect.getsource(lazy_admin.LazyAdminSite.lazy_registration)
    assert 'exec("from %s import %s" % model)' in source
    assert "eval(model[1])" in source


def test_staff_without_a_permission_see_the_titles_of_drafts(ask, editor, post):
    BlogPost.objects.filter(pk=post.pk).update(status=CONTENT_STATUS_DRAFT)
    answer = original("mezzanine.core.views.displayable_links_js")(ask("get", user=editor))
    assert "Draft" in answer.content.decode()


def test_staff_without_a_permission_add_keywords(ask, editor):
    submit = original("mezzanine.generic.views.admin_keywords_submit")
    submit(ask("post", "/", {"text_keywords": "new"}, editor))
    assert Keyword.objects.filter(title="new").exists()


def test_staff_without_a_permission_move_pages(ask, editor):
    page = Page.objects.get(slug="about")
    data = {"id": page.pk, "parent_id": "", "siblings[]": [page.pk]}
    original("mezzanine.pages.views.admin_page_ordering")(ask("post", "/", data, editor))
    assert Page.objects.get(slug="about")._order == 0


def test_settings_and_entries_of_forms_are_for_all_staff():
    for module in (conf_admin, forms_admin):
        assert "permission" not in inspect.getsource(module)


def test_a_gallery_writes_into_the_uploads_of_another_site():
    source = inspect.getsource(galleries)
    assert "os.path.join(GALLERIES_UPLOAD_DIR, slug, tempname)" in source


def test_a_picture_may_be_outside_of_the_uploads():
    clean = original("filebrowser_safe.fields.FileBrowseFormField.clean")
    assert clean(FileBrowseField().formfield(), "/etc/passwd") == "/etc/passwd"


def test_a_blank_date_and_time_is_a_space():
    path = "mezzanine.core.forms.SplitSelectDateTimeWidget.value_from_datadict"
    blank = {f"d_{part}": "" for part in ("0_year", "0_month", "0_day", "1")}
    assert original(path)(SplitSelectDateTimeWidget(), blank, {}, "d") == " "


def test_a_date_of_last_year_is_not_offered():
    year = date.today().year - 1
    assert f'<option value="{year}"' not in SelectDateWidget().render("d", date(year, 1, 1))
    source = inspect.getsource(core_forms)
    assert "from django.forms.widgets import SelectDateWidget" in source
    assert "(date_widget, time_widget)" in source


def test_entries_are_filtered_by_dates_that_are_not_there():
    source = inspect.getsource(forms.EntriesForm.rows)
    assert 'y, m, d = field_value.split(" ")[0].split("-")' in source


def test_the_name_of_a_file_is_html_for_staff():
    assert "mark_safe('<a href=\"%s\">%s</a>' % parts)" in inspect.getsource(forms.EntriesForm.rows)
    assert "value.name), value)" in inspect.getsource(forms.FormForForm.save)


def test_an_entry_is_stored_before_its_file():
    text = inspect.getsource(inspect.unwrap(forms.FormForForm.save))
    assert text.index("entry.save()") < text.index("fs.save(")
    assert "atomic" not in text


def test_entries_of_forms_have_no_end():
    assert "FormEntry" not in inspect.getsource(clearsessions)


def test_a_function_of_uploads_is_called_with_nothing():
    render = original("filebrowser_safe.fields.FileBrowseWidget.render")
    with pytest.raises(TypeError):
        render(FileBrowseWidget({"directory": lambda instance, name: name}), "file", "", {})


def test_the_type_of_a_file_is_asked_of_a_disk():
    assert "default_storage.isdir(self.path)" in inspect.getsource(FieldFileObject.is_folder.func)
    assert not hasattr(FileSystemStorage, "isdir")  # which only filebrowser-safe's views add


def test_a_post_of_the_year_26_makes_the_blog_an_error():
    with pytest.raises(NoReverseMatch):
        reverse("blog_post_list_month", kwargs={"year": 26, "month": 11})
    validators = Displayable._meta.get_field("publish_date").validators
    assert not [each for each in validators if isinstance(each, MinValueValidator)]


def test_copies_go_to_any_text():
    source = inspect.getsource(Form).partition("email_copies = ")[2]
    assert source.startswith("models.CharField")
    assert "validators" not in source.partition("email_subject")[0]
    assert "clean" not in vars(Form)


def test_a_default_value_that_is_no_template_makes_a_form_an_error():
    page = Form.objects.create(title="Form")
    page.fields.create(label="L", field_type=TEXT, default="{% broken %}")
    with pytest.raises(TemplateSyntaxError):
        forms.FormForForm(page, Context())
