"""What WordPress exports arrives, or is named; twice is the same as once; on one site."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from django.core.management.base import CommandError
from django.utils.timezone import get_current_timezone
from exports import EXPORTS, counts
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.generic.models import Keyword, ThreadedComment
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id

EXPORT = str(EXPORTS / "wordpress.xml")

pytestmark = pytest.mark.usefixtures("empty", "mezzanines_defaults")


@pytest.fixture
def said(run):
    """What the command says of the export, which is on the first site now."""
    return run("import_wordpress", url=EXPORT)


@pytest.fixture
def post(said):
    return BlogPost.objects.get(publish_date__year=2013)


def test_a_post_arrives_with_all_that_belongs_to_it(post):
    assert post.title == "Brot & Brötchen"
    assert post.publish_date == datetime(2013, 2, 3, 11, 30, tzinfo=UTC)
    assert post.description == "In short"
    assert not post.allow_comments
    assert {each.keyword.title for each in post.keywords.all()} == {"Rye", "Öfen"}
    assert [each.title for each in post.categories.all()] == ["News"]


def test_blank_lines_are_paragraphs_and_captions_are_below_their_pictures(post):
    assert "<p>First line<br>\nsecond line.</p>" in post.content
    assert '<p class="wp-caption-text">A loaf</p>' in post.content
    assert "<ul>\n<li>one</li>\n\n<li>two</li>\n</ul>" in post.content
    assert "[caption" not in post.content
    assert "<!--" not in post.content


def test_comments_arrive_below_those_that_they_answer(post):
    bert, anna, waiting = post.comments.order_by("submit_date")
    assert (bert.user_name, bert.user_email) == ("Bert", "bert@guest.example")
    assert (bert.user_url, bert.ip_address) == ("http://guest.example", "192.0.2.1")
    assert bert.comment == "Schöne Brötchen"
    assert bert.submit_date == datetime(2013, 2, 4, 8, tzinfo=UTC)
    assert anna.replied_to == bert
    assert (bert.is_public, anna.is_public, waiting.is_public) == (True, True, False)


def test_two_posts_of_one_title_arrive_with_one_category(said):
    assert BlogPost.objects.filter(title="Brot & Brötchen").count() == 2
    assert BlogCategory.objects.get().title == "News"  # and news
    assert Keyword.objects.count() == 2


def test_what_was_no_published_post_is_none(said):
    drafts = BlogPost.objects.filter(status=CONTENT_STATUS_DRAFT)
    assert {post.title for post in drafts} == {"Draft", "For members"}
    draft = datetime(2015, 1, 1, tzinfo=get_current_timezone())
    assert drafts.get(title="Draft").publish_date == draft
    assert not BlogPost.objects.filter(title="Thrown away").exists()


def test_pages_arrive_below_their_parents(said):
    page = RichTextPage.objects.get(title="Our ovens")
    assert page.parent.title == "The bakery"
    assert page.slug == "the-bakery/our-ovens"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/2013/02/03/br%C3%B6tchen/", "/brot-brötchen"),
        ("/2014/02/03/again", "/brot-brötchen-1"),
        ("/bakery/ovens/", "the-bakery/our-ovens"),
    ],
)
def test_old_addresses_lead_to_the_new_ones(browse, said, old, new):
    answer = browse().get(old, follow=True)
    assert unquote(answer.redirect_chain[-1][0]).strip("/").endswith(new)
    assert answer.status_code == 200


def test_what_does_not_arrive_is_named(said):
    assert "Imported: 4 posts, " in said
    for name in (
        "1 entries of the type attachment",
        "1 posts with the status trash",
        "1 comments with the mark spam",
        "1 comments of the type pingback",
        "1 terms of the kind post_format",
        "1 marks of what stays at the top of the blog",
        "1 pictures of posts",
        "1 passwords: these entries are drafts",
        "2 authors, whose posts are the user's: anna, bea",
        "1 entries in which [gallery] is shown as it stands",
        "1 entries with HTML that RICHTEXT_FILTER_LEVEL does not allow",
    ):
        assert f"Left out: {name}\n" in said


def test_twice_is_once(run, said):
    before = counts()
    assert "6 posts and pages that were there already" in run("import_wordpress", url=EXPORT)
    assert counts() == before


def test_what_editors_changed_since_remains(run, post):
    post.title, post.content = "Rolls", "New"
    post.save()
    before = counts()
    run("import_wordpress", url=EXPORT)
    post.refresh_from_db()
    assert (post.title, post.content) == ("Rolls", "New")
    assert counts() == before


def test_each_site_has_its_own(run, said, add_site):
    two = add_site("two.example").pk
    before = counts()
    run("import_wordpress", site=two, url=EXPORT)
    with override_current_site_id(two):
        assert BlogPost.objects.count() == 4
        assert Page.objects.get(title="Our ovens").parent.site_id == two
        assert ThreadedComment.objects.count() == 3
        assert {each.title for each in Keyword.objects.all()} == {"Rye", "Öfen"}
    assert BlogPost.objects.count() == 4
    assert counts()[BlogPost] == before[BlogPost] * 2


def test_it_comes_from_an_address_too(run, server):
    answers, address = server
    answers["/export.xml"] = (EXPORTS / "wordpress.xml").read_bytes()
    assert "4 posts" in run("import_wordpress", url=f"{address}/export.xml")
    with pytest.raises(CommandError, match=r"/none.xml cannot be read: HTTP Error 404"):
        run("import_wordpress", url=f"{address}/none.xml")


@pytest.mark.parametrize("text", ["", "no XML", "<a/>", "<rss><channel/></rss>"])
def test_a_file_of_another_kind_is_named_in_one_line(run, tmp_path, text):
    path = tmp_path / "export.xml"
    path.write_text(text)
    before = counts()
    with pytest.raises(CommandError) as caught:
        run("import_wordpress", url=str(path))
    assert str(caught.value).startswith(f"{path} is n")
    assert "\n" not in str(caught.value)
    assert counts() == before


def test_pages_are_in_the_menus_that_were_asked_for(run):
    run("import_wordpress", url=EXPORT, in_footer=True)
    assert {tuple(page.in_menus) for page in RichTextPage.objects.all()} == {("3",)}
