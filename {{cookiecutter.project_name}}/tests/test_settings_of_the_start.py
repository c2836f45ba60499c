"""Settings that Mezzanine reads when it is imported: another process tries them all at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings as project_settings

OVERLAY = """
from PROJECT.settings import *

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "PLACE/test.db"}}
MEDIA_ROOT = "PLACE/media"
DEBUG = True
ALLOWED_HOSTS = ["*"]
LANGUAGE_CODE = "en"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

ACCOUNTS_NO_USERNAME = True
ACCOUNTS_PROFILE_FORM_EXCLUDE_FIELDS = ("first_name",)
ACCOUNTS_PROFILE_VIEWS_ENABLED = True
ADMIN_REMOVAL = ("mezzanine.galleries.models.Gallery",)
BLOG_USE_FEATURED_IMAGE = True
COMMENTS_USE_RATINGS = False
FORMS_EXTRA_FIELDS = ((100, "django.forms.SlugField", "Slug"),)
FORMS_EXTRA_WIDGETS = ((100, "django.forms.Textarea"),)
FORMS_USE_HTML5 = True
PAGE_MENU_TEMPLATES = (
    (1, "Top", "pages/menus/dropdown.html"),
    (7, "Side", "pages/menus/tree.html"),
)
PAGE_MENU_TEMPLATES_DEFAULT = (7,)
RATINGS_RANGE = [1, 2]
UPLOAD_TO_HANDLERS = {"blog.BlogPost.featured_image": "overlay_handlers.place"}
"""

HANDLERS = """
def place(instance, filename):
    return f"pictures/{filename}"
"""

LOOK = """
import json

import django

django.setup()

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from mezzanine.blog.models import BlogPost
from mezzanine.forms import fields
from mezzanine.galleries.models import Gallery
from mezzanine.generic.forms import RatingForm
from mezzanine.pages.models import RichTextPage

call_command("createdb", interactive=False, verbosity=0)
client = Client(HTTP_HOST="127.0.0.1:8000")
post = BlogPost.objects.get(slug="hello")
post.comments.create(user_name="Bert", comment="A comment")
signup = client.get(reverse("signup")).content.decode()
shown = client.get(post.get_absolute_url()).content.decode()
profile = client.get(reverse("profile", args=["admin"]))
client.force_login(get_user_model().objects.get())
add = client.get("/admin/blog/blogpost/add/").content.decode()
page = RichTextPage.objects.create(title="New")
print(
    json.dumps(
        {
            "user names": 'name="username"' in signup,
            "first names": 'name="first_name"' in signup,
            "profiles": profile.status_code,
            "galleries in the admin": Gallery in admin.site._registry,
            "pictures of posts": 'name="featured_image"' in add,
            "ratings": shown.count('/rating/"'),
            "fields": [fields.CLASSES[100].__name__, fields.WIDGETS[100].__name__],
            "kind": fields.WIDGETS[fields.EMAIL]().input_type,
            "menus": [int(menu) for menu in page.in_menus],
            "range": [str(choice) for choice, _ in RatingForm.base_fields["value"].choices],
            "place": BlogPost._meta.get_field("featured_image").directory.__name__,
        }
    )
)
"""


def test_what_is_read_at_the_start_does_what_it_says(tmp_path):
    overlay = OVERLAY.replace("PROJECT", project_settings.PROJECT_APP).replace(
        "PLACE", str(tmp_path)
    )
    Path(tmp_path, "overlay.py").write_text(overlay)
    Path(tmp_path, "overlay_handlers.py").write_text(HANDLERS)
    path = os.pathsep.join([str(tmp_path), str(project_settings.BASE_DIR)])
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "overlay", "PYTHONPATH": path}
    command = [sys.executable, "-W", "ignore", "-c", LOOK]
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == {
        "user names": False,
        "first names": False,
        "profiles": 200,
        "galleries in the admin": False,
        "pictures of posts": True,
        "ratings": 1,
        "fields": ["SlugField", "Textarea"],
        "kind": "email",
        "menus": [7],
        "range": ["1", "2"],
        "place": "place",
    }
    made = {file.name for file in tmp_path.iterdir()} - {"__pycache__"}
    assert made == {"overlay.py", "overlay_handlers.py", "test.db", "media"}
