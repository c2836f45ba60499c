"""Content on two sites, and a folder of its own for each test."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.redirects.models import Redirect
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.forms.models import Form
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
from travelling_content import STRANGE


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def content(sites):
    """Content of all kinds on two sites, with the same slugs."""
    user = get_user_model().objects.get(username="member")
    for site_id in (1, sites["two.example"]):
        with override_current_site_id(site_id):
            top = RichTextPage.objects.create(title=f"Top {STRANGE}", slug="top", content=STRANGE)
            child = RichTextPage.objects.create(title="Child", slug="top/child", parent=top)
            top.in_menus = ("1", "2")
            top.save()
            post = BlogPost.objects.create(title="A post", slug="a-post", user=user, content="x")
            post.categories.add(BlogCategory.objects.create(title="News"))
            post.related_posts.add(post)
            keyword = Keyword.objects.create(title="green")
            post.keywords.create(keyword=keyword)
            form = Form.objects.create(title="Contact", slug="contact")
            form.fields.create(label="Name", field_type=1)
            Redirect.objects.create(site_id=site_id, old_path="/old/", new_path="/top/")
    assert child.parent_id
    return BlogPost.objects.get(slug="a-post")
