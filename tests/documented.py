"""The app and the theme of Mezzanine's documentation, written into a project."""

import shutil
from pathlib import Path

from support import edit

WRITTEN = Path(__file__).parent / "project/documented_project"  # and tests of both
SETTINGS = {
    '    "multisite",\n': '    "colours",\n    "authors",\n    "multisite",\n',
    "SITE_ID = 1\n": """SITE_ID = 1
ACCOUNTS_PROFILE_MODEL = "authors.MyProfile"
ACCOUNTS_PROFILE_VIEWS_ENABLED = True
ACCOUNTS_PROFILE_FORM_EXCLUDE_FIELDS = ("first_name", "last_name", "signup_date")
RATINGS_RANGE = range(1, 11)
SEARCH_MODEL_CHOICES = ("pages.Page", "blog.BlogPost", "authors.Reading")
EXTRA_MODEL_FIELDS = (
    (
        "mezzanine.blog.models.BlogPost.image",
        "ImageField",
        ("Image",),
        {"blank": True, "upload_to": "blog"},
    ),
    (
        "mezzanine.pages.models.Page.another_field",
        "IntegerField",
        ("Another name",),
        {"blank": True, "default": 1},
    ),
)
""",
}
HOME = '    path("", page, {"slug": "/"}, name="home"),\n'
URLS = {HOME: f'    path("", include("authors.urls")),\n{HOME}'}


def write_apps(project):
    """Put the app and the theme into the Path of a project, and name them where they belong."""
    shutil.copytree(WRITTEN, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tests"))
    edit(project / project.name / "settings.py", SETTINGS)
    edit(project / project.name / "urls.py", URLS)
