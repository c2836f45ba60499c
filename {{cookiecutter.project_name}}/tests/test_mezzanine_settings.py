"""Settings that Mezzanine documents: each is tried once for what it promises."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core import checks, mail
from django.template import engines
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.timezone import now
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.conf import registry
from mezzanine.conf import settings as conf
from mezzanine.conf.models import Setting
from mezzanine.core.models import RichText
from mezzanine.generic.models import Keyword, ThreadedComment
from mezzanine.pages.models import RichTextPage
from mezzanine.utils import views
from promises import ELSEWHERE, PROMISED, WITHOUT, promise
from users_of_admin import admin_of_users

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")


@pytest.fixture
def put(settings, db):
    """Return a function that sets settings, in the admin if they are there."""

    def put(**values):
        for name, value in values.items():
            if registry[name]["editable"]:
                Setting.objects.update_or_create(name=name, defaults={"value": str(value)})
            else:
                setattr(settings, name, value)
        conf.clear_cache()

    yield put
    conf.clear_cache()


@pytest.fixture
def see(browse):
    """Return a function that shows a page to a visitor, or to a user; a BeautifulSoup."""

    def see(address, user=None):
        answer = browse(user).get(address)
        assert answer.status_code == 200
        return BeautifulSoup(answer.content, "html.parser")

    return see


@pytest.fixture
def post(db):
    return BlogPost.objects.get()


@pytest.fixture
def posts(post):
    """Twelve posts, a day between them."""
    for number in range(11):
        date = now() - timedelta(number + 1)
        BlogPost.objects.create(
            title=f"Loaf {number}", content="bread", publish_date=date, user=post.user
        )
    return BlogPost.objects.all()


@pytest.fixture
def say(browse, post):
    """Return a function that comments on the post as a visitor, or as a user."""

    def say(user=None, text="A comment"):
        form = {"name": "Bert", "email": "bert@guest.example", "comment": text}
        client = browse(user)
        page = client.get(post.get_absolute_url())
        hidden = BeautifulSoup(page.content, "html.parser").select("form[id^=comment] input")
        fields = {each["name"]: each.get("value", "") for each in hidden if each.get("name")}
        return client.post(reverse("comment"), fields | form)

    return say


def texts(soup, selector):
    return [each.get_text(" ", strip=True) for each in soup.select(selector)]


def test_every_setting_of_mezzanine_is_tried_or_has_a_reason():
    packages = {"feeds", "multisite"}
    own = {name for name in registry if name.startswith(("LOOK_", "TWITTER_"))}
    own |= {"MAIL_SENDER", "SITE_FOOTER", "SITE_THEME"}
    assert packages <= {config.name for config in apps.get_app_configs()}
    listed = [*PROMISED, *ELSEWHERE, *WITHOUT]
    assert len(listed) == len({*listed})
    assert {*registry} - own == {*listed}
    for name, file in ELSEWHERE.items():
        assert (Path(__file__).parent / file).is_file(), name
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for name in ("BITLY_ACCESS_TOKEN", "SSL_", "EMAIL_FAIL_SILENTLY"):
        assert f"`{name}" in readme


@promise("SITE_TITLE", "SITE_TAGLINE")
def test_the_title_and_the_tagline_are_on_pages(put, see):
    put(SITE_TITLE="Bakery", SITE_TAGLINE="Since 1900")
    page = see("/blog/")
    assert "Bakery" in page.title.text
    assert "Since 1900" in page.text


@promise("ACCOUNTS_MIN_PASSWORD_LENGTH")
def test_a_password_has_a_length(put, browse):
    put(ACCOUNTS_MIN_PASSWORD_LENGTH=20)
    form = {"username": "new", "email": "new@guest.example"}
    form |= {"password1": "abcdefghijk12", "password2": "abcdefghijk12"}
    assert "at least 20 characters" in browse().post(reverse("signup"), form).text
    assert not get_user_model().objects.filter(username="new").exists()


@promise("ACCOUNTS_PROFILE_FORM_CLASS")
def test_the_form_of_accounts_may_be_the_projects(put, see, monkeypatch):
    from django import forms
    from mezzanine.accounts.forms import ProfileForm

    own = type("Own", (ProfileForm,), {"oven": forms.CharField(label="Oven")})
    monkeypatch.setattr("promises.Own", own, raising=False)
    put(ACCOUNTS_PROFILE_FORM_CLASS="promises.Own")
    assert see(reverse("signup")).select("[name=oven]")


@promise("ADD_PAGE_ORDER")
def test_page_types_are_offered_in_that_order(put, see):
    for first in ("pages.Link", "forms.Form"):
        put(ADD_PAGE_ORDER=[first])
        link = see("/admin/pages/page/", "admin").select_one(".addlist a")
        assert f"/{first.lower().replace('.', '/')}/" in link["href"]


@promise("ADMIN_MENU_ORDER")
def test_the_menu_of_the_admin_is_in_that_order(put, see):
    put(ADMIN_MENU_ORDER=[("Ours", [("Files", "fb_browse"), "pages.Page"])])
    links = see(admin_of_users("changelist"), "admin").select("#nav-sidebar a")
    found = [link.get_text(strip=True) for link in links]
    assert found.index("Ours") < found.index("Files") < found.index("Pages") < found.index("Users")


@promise("ADMIN_MENU_COLLAPSED")
def test_the_menu_of_the_admin_may_be_folded(put, browse):
    put(ADMIN_MENU_COLLAPSED=True)
    folded = browse("admin").get("/admin/").text
    put(ADMIN_MENU_COLLAPSED=False)
    assert folded != browse("admin").get("/admin/").text


@promise("DASHBOARD_TAGS")
def test_the_dashboard_has_those_columns(put, see):
    put(DASHBOARD_TAGS=[(), ("comment_tags.recent_comments",), ()])
    page = see("/admin/", "admin")
    assert page.select("#comments-module")
    assert not page.select("#quick-blog-form")
    put(DASHBOARD_TAGS=[("blog_tags.quick_blog",), (), ()])
    page = see("/admin/", "admin")
    assert not page.select("#comments-module")


@promise("ADMIN_THUMB_SIZE")
def test_pictures_in_lists_of_the_admin_have_that_size(put, post, media_root):
    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (90, 90)).save(picture, "PNG")
    Path(media_root, "thumb.png").write_bytes(picture.getvalue())
    post.featured_image = "thumb.png"
    put(ADMIN_THUMB_SIZE="33x33")
    assert "thumb-33x33" in post.admin_thumb()


@promise("AKISMET_API_KEY")
def test_akismet_is_asked(put, say, monkeypatch):
    asked = []
    monkeypatch.setattr(views, "urlopen", lambda request: asked.append(request) or BytesIO(b"true"))
    put(AKISMET_API_KEY="abc")
    say()
    assert "abc.rest.akismet.com" in asked[0].full_url
    assert not ThreadedComment.objects.exists()


@promise("SPAM_FILTERS")
def test_spam_is_what_a_function_says(put, say):
    say()
    put(SPAM_FILTERS=["promises.is_spam"])
    say(text="Another comment")
    assert ThreadedComment.objects.get().comment == "A comment"


@promise("BLOG_POST_PER_PAGE", "MAX_PAGING_LINKS")
def test_posts_are_on_pages(put, see, posts):
    put(BLOG_POST_PER_PAGE=2, MAX_PAGING_LINKS=3)
    page = see(reverse("blog_post_list"))
    assert len(page.select("h2 a")) == 2
    assert len([text for text in texts(page, ".pages a") if text.isdigit()]) <= 3


@promise("BLOG_RSS_LIMIT")
def test_the_feed_has_so_many_posts(put, browse, posts):
    put(BLOG_RSS_LIMIT=3)
    assert browse().get(reverse("blog_post_feed", args=["rss"])).text.count("<item>") == 3


@promise("COMMENTS_ACCOUNT_REQUIRED")
def test_comments_may_take_an_account(put, say):
    put(COMMENTS_ACCOUNT_REQUIRED=True)
    assert say().status_code == 302
    assert not ThreadedComment.objects.exists()


@promise("COMMENTS_DEFAULT_APPROVED", "COMMENTS_UNAPPROVED_VISIBLE")
def test_comments_may_wait_for_approval(put, say, see, post):
    put(COMMENTS_DEFAULT_APPROVED=False)
    say()
    assert not ThreadedComment.objects.get().is_public
    assert "awaiting approval" in see(post.get_absolute_url()).text.lower()
    put(COMMENTS_UNAPPROVED_VISIBLE=False)
    assert "awaiting approval" not in see(post.get_absolute_url()).text.lower()


@promise("COMMENTS_REMOVED_VISIBLE")
def test_removed_comments_may_leave_a_place(put, say, see, post):
    say()
    ThreadedComment.objects.update(is_removed=True)
    assert "Comment deleted" in see(post.get_absolute_url()).text
    put(COMMENTS_REMOVED_VISIBLE=False)
    assert "Comment deleted" not in see(post.get_absolute_url()).text


@promise("COMMENTS_NOTIFICATION_EMAILS")
def test_comments_are_told_by_mail(put, say):
    put(COMMENTS_NOTIFICATION_EMAILS="a@site.example, b@site.example")
    say()
    assert mail.outbox[0].to == ["a@site.example", "b@site.example"]


@promise("COMMENTS_NUM_LATEST")
def test_the_dashboard_has_so_many_comments(put, say, see):
    for number in range(3):
        say(text=f"Comment {number}")
    put(COMMENTS_NUM_LATEST=2)
    assert len(see("/admin/", "admin").select("#comments-module li")) == 2


@promise("COMMENT_FILTER")
def test_comments_are_shown_by_a_function(put, say, see, post):
    say()
    put(COMMENT_FILTER="promises.shout")
    assert "A COMMENT" in see(post.get_absolute_url()).text


DISQUS = ("COMMENTS_DISQUS_SHORTNAME", "COMMENTS_DISQUS_API_PUBLIC_KEY")


@promise(*DISQUS, "COMMENTS_DISQUS_API_SECRET_KEY")
def test_disqus_has_its_place(put, browse, post):
    put(COMMENTS_DISQUS_SHORTNAME="bakery")
    page = browse().get(post.get_absolute_url()).text
    assert 'data-disqus="bakery"' in page
    assert f'data-identifier="BlogPost-{post.pk}"' in page
    assert "remote_auth_s3" not in page
    put(COMMENTS_DISQUS_API_PUBLIC_KEY="public", COMMENTS_DISQUS_API_SECRET_KEY="secret")
    page = browse("member").get(post.get_absolute_url()).text
    assert 'data-api_key="public"' in page


@promise("GOOGLE_ANALYTICS_ID")
def test_visitors_are_counted_and_staff_are_not(put, browse):
    put(GOOGLE_ANALYTICS_ID='G-1"2')
    page = browse().get("/blog/").text
    assert 'data-analytics="G-1&quot;2"' in page
    assert "data-analytics" not in browse("admin").get("/blog/").text


def test_pages_are_shared_where_visitors_are_counted(put, ask, keep_pages):
    put(GOOGLE_ANALYTICS_ID="G-1")
    answer = ask("/blog/")
    assert "data-analytics" in answer.text
    assert "private" not in answer.get("Cache-Control", "")


def test_posts_are_shared_where_people_are_today(see, post):
    links = [link["href"] for link in see(post.get_absolute_url()).select("a.share")]
    host = Site.objects.get().domain
    address = urlencode({"u": f"http://{host}{post.get_absolute_url()}"})
    assert f"https://www.facebook.com/sharer/sharer.php?{address}" in links
    assert any(link.startswith("https://x.com/intent/post?url=http") for link in links)
    assert not any("twitter.com" in link for link in links)


@promise("FORMS_CSV_DELIMITER")
def test_entries_are_exported_with_that_delimiter(put, browse):
    from mezzanine.forms.models import Form

    put(FORMS_CSV_DELIMITER=";")
    form = Form.objects.first()
    send = {"export": "1", "field_0_export": "on"}
    send |= {f"field_{field.pk}_export": "on" for field in form.fields.all()}
    answer = browse("admin").post(f"/admin/forms/form/{form.pk}/entries/", send)
    assert '";"' in answer.getvalue().decode("utf-8-sig").splitlines()[0]


@promise("INLINE_EDITING_ENABLED")
def test_editing_in_place_may_be_off(put, see, post):
    assert see(post.get_absolute_url(), "admin").find("form", action="/edit/")
    put(INLINE_EDITING_ENABLED=False)
    assert not see(post.get_absolute_url(), "admin").find("form", action="/edit/")


@promise("OWNABLE_MODELS_ALL_EDITABLE")
def test_staff_see_the_posts_of_others(put, staff, post):
    editor = staff("blog.change_blogpost")
    assert post.title not in editor.get("/admin/blog/blogpost/").text
    put(OWNABLE_MODELS_ALL_EDITABLE=["blog.BlogPost"])
    assert post.title in editor.get("/admin/blog/blogpost/").text


@promise("PAGES_PUBLISHED_INCLUDE_LOGIN_REQUIRED")
def test_pages_of_members_may_be_in_menus(put, see):
    RichTextPage.objects.create(title="For members", login_required=True, in_menus=["1", "2", "3"])
    assert "For members" not in see("/blog/").text
    put(PAGES_PUBLISHED_INCLUDE_LOGIN_REQUIRED=True)
    assert "For members" in see("/blog/").text


@promise("RATINGS_ACCOUNT_REQUIRED")
def test_ratings_may_take_an_account(put, browse, post):
    form = fields_of(browse().get(post.get_absolute_url()), "form[action='/rating/']")
    for is_required, count in ((True, 0), (False, 1)):
        put(RATINGS_ACCOUNT_REQUIRED=is_required)
        browse().post(reverse("rating"), form | {"value": "2"})
        post.refresh_from_db()
        assert post.rating_count == count


HTML = '<p style="color: red; float: left">x</p><script>y</script><iframe src="https://x.example/">'


def cleaned():
    return str(RichText._meta.get_field("content").clean(HTML, None))


@promise("RICHTEXT_FILTER_LEVEL", "RICHTEXT_ALLOWED_TAGS")
@promise("RICHTEXT_ALLOWED_ATTRIBUTES", "RICHTEXT_ALLOWED_STYLES")
def test_html_is_filtered(put):
    put(RICHTEXT_ALLOWED_TAGS=("p",), RICHTEXT_ALLOWED_ATTRIBUTES=("style", "src"))
    put(RICHTEXT_ALLOWED_STYLES=["color"], RICHTEXT_FILTER_LEVEL=1)
    assert cleaned() == '<p style="color: red;">x</p>y'
    put(RICHTEXT_FILTER_LEVEL=2)
    assert "<iframe" in cleaned()
    assert "<script" not in cleaned()
    put(RICHTEXT_FILTER_LEVEL=3)
    assert cleaned() == HTML
    put(RICHTEXT_FILTER_LEVEL=1)
    assert "<iframe" not in cleaned()  # low is low only while it is


@pytest.mark.parametrize("name", ["RICHTEXT_ALLOWED_TAGS", "RICHTEXT_ALLOWED_ATTRIBUTES"])
def test_a_list_to_which_mezzanine_would_add_is_told(settings, name):
    assert not [found for found in checks.run_checks() if found.id == "staff.W001"]
    setattr(settings, name, ["p"])
    (found,) = [found for found in checks.run_checks() if found.id == "staff.W001"]
    assert found.msg.startswith(f"{name} has to be a tuple")


@promise("RICHTEXT_FILTERS")
def test_html_is_shown_by_functions(put, see, post):
    put(RICHTEXT_FILTERS=["promises.shout"])
    assert strip_tags(post.content).strip().upper()[:20] in see(post.get_absolute_url()).text


@promise("RICHTEXT_WIDGET_CLASS", "TINYMCE_SETUP_JS")
def test_the_editor_may_be_another(put, browse):
    form = "/admin/blog/blogpost/add/"
    assert "<rich-text" in browse("admin").get(form).text
    put(RICHTEXT_WIDGET_CLASS="mezzanine.core.forms.TinyMceWidget", TINYMCE_SETUP_JS="js/own.js")
    assert "js/own.js" in browse("admin").get(form).text
    assert "<rich-text" not in browse("admin").get(form).text


def found(page):
    return [text for text in texts(page, "#search-results h2 a")]


@promise("SEARCH_MODEL_CHOICES", "SEARCH_PER_PAGE", "SEARCH_AGE_SCALE_FACTOR", "STOP_WORDS")
def test_search_is_as_they_say(put, see, posts):
    RichTextPage.objects.create(title="Bread", content="bread bread bread")
    choices = texts(see("/blog/"), "select[name=type] option")
    assert "Blog posts" in choices
    put(SEARCH_PER_PAGE=4)
    assert len(found(see("/search/?q=bread"))) == 4
    put(SEARCH_PER_PAGE=50, SEARCH_MODEL_CHOICES=["pages.Page"])
    assert found(see("/search/?q=bread&type=pages.Page")) == ["Bread"]
    assert "Blog posts" not in texts(see("/blog/"), "select[name=type] option")
    put(SEARCH_MODEL_CHOICES=["blog.BlogPost"], SEARCH_AGE_SCALE_FACTOR=9)
    assert found(see("/search/?q=bread"))[0].endswith("Loaf 0")
    assert found(see("/search/?q=bread+nosuch")) != []
    put(STOP_WORDS=["bread"])
    assert found(see("/search/?q=bread+nosuch")) == []


@promise("SLUGIFY")
def test_addresses_are_made_by_a_function(put, post):
    put(SLUGIFY="promises.shout")
    assert BlogPost.objects.create(title="loaf", user=post.user).slug == "LOAF"


@promise("TAG_CLOUD_SIZES")
def test_keywords_have_so_many_sizes(put, posts):
    for number, name in enumerate(["rye", "oat", "spelt"]):
        keyword = Keyword.objects.create(title=name)
        for each in posts[: 1 + number * 4]:
            each.keywords.create(keyword=keyword)
    put(TAG_CLOUD_SIZES=3)
    template = "{% load keyword_tags %}{% keywords_for blog.blogpost as found %}"
    template += "{% for each in found %}{% firstof each.weight %}{% endfor %}"
    weights = engines["django"].from_string(template).render({})
    assert "".join(sorted(weights)) == "123"


@promise("TEMPLATE_ACCESSIBLE_SETTINGS")
def test_templates_see_those_settings(put, rf):
    put(TEMPLATE_ACCESSIBLE_SETTINGS=("BLOG_RSS_LIMIT",))
    text = "{% firstof settings.BLOG_RSS_LIMIT %}{% firstof settings.SECRET_KEY %}"
    shown = engines["django"].from_string(text).render({}, rf.get("/"))
    assert shown == str(conf.BLOG_RSS_LIMIT)


@promise("THUMBNAILS_DIR_NAME")
def test_thumbnails_are_in_that_folder(put, media_root):
    from mezzanine.core.templatetags.mezzanine_tags import thumbnail
    from PIL import Image

    Image.new("RGB", (90, 90)).save(Path(media_root, "small.png"))
    put(THUMBNAILS_DIR_NAME="small")
    assert thumbnail("small.png", 20, 20).startswith("small/")
    assert [*Path(media_root, "small").rglob("small-20x20.png")]
