"""A user and a profile of the project's own, as Django's and Mezzanine's documentation tell it."""

from zipfile import ZipFile

import pytest
from django.conf import settings
from free_names import renamed
from test_makemigrations import APP, SETTINGS, SETTINGS_MODULE, Project

own = renamed("class Profile")
USERS = own(f"""
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    phone = models.CharField(max_length=20, blank=True)


class Profile(models.Model):
    user = models.OneToOneField("{APP}.User", models.CASCADE)
    website = models.URLField(blank=True)
""")
USERS_SETTINGS = own(f"""
AUTH_USER_MODEL = "{APP}.User"
ACCOUNTS_PROFILE_MODEL = "{APP}.Profile"
ACCOUNTS_APPROVAL_REQUIRED = ACCOUNTS_VERIFICATION_REQUIRED = False
ACCOUNTS_PROFILE_VIEWS_ENABLED = True
ALLOWED_HOSTS = ["*"]
""")
SIGN_UP = """
from django.contrib.auth import get_user_model
from django.test import Client
from django.contrib.sites.models import Site

visitor = Client(HTTP_HOST=Site.objects.get().domain)
names = {"first_name": "Ada", "last_name": "L", "username": "ada", "email": "ada@guest.example"}
names |= {"password1": "rye and 1 salt", "password2": "rye and 1 salt"}
answer = visitor.post("/accounts/signup/", names | {"website": "https://ada.example/"})
user = get_user_model().objects.get(username="ada")
print(answer.status_code, user.PROFILE.website, visitor.get("/users/ada/").status_code)
print(visitor.get("/accounts/update/").text.count("https://ada.example/"))
"""


@pytest.mark.skipif(
    settings.AUTH_USER_MODEL != "auth.User",
    reason="the project has users of its own already, and Django knows one model of them",
)
def test_from_the_first_line_to_an_account_that_is_exported_and_deleted(tmp_path):
    project = Project(tmp_path / "project")
    project.begin()
    project.packages = tmp_path  # Mezzanine as it is installed, with its templates
    project.write(f"{APP}/models.py", USERS)
    project.write(f"{SETTINGS_MODULE}.py", SETTINGS + USERS_SETTINGS)
    project.manage("makemigrations")
    project.manage("createdb", "--noinput", "-v0")
    shown = project.manage("shell", "-v0", "-c", SIGN_UP.replace("PROFILE", own("Profile").lower()))
    assert "302 https://ada.example/ 200\n1\n" in shown
    data = project.path / "ada.zip"
    project.manage("exportvisitor", "ada@guest.example", str(data))
    assert b"https://ada.example/" in ZipFile(data).read("data.json")
    project.manage("deletevisitor", "ada@guest.example", "--noinput")
    code = f"from {APP}.models import User; print([*User.objects.filter(username='ada')])"
    assert "[]" in project.manage("shell", "-v0", "-c", code)
