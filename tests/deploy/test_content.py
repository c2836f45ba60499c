"""fab push and fab pull: what is built here goes live, is edited there, and comes back."""

import hashlib
import os
import subprocess

import pytest
from faults import wait_for
from sites import PASSWORD, Site, typed
from support import Baker

NAME = "baking"
WWW = "www.baking.example"

CONTENT = """
from django.contrib.auth import get_user_model
from django.core.management import call_command
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
ann = get_user_model().objects.create_user("ann", "ann@example.com", "secret of ann")
call_command("addsite", "two.example", verbosity=0)
picture = '<img src="/media/uploads/site-1/stra%C3%9Fe.jpg">'
RichTextPage.objects.create(title="Bread", slug="bread", content="Rye, made here. " + picture)
BlogPost.objects.create(title="A post", slug="a-post", user=ann, content="Sourdough")
"""
COMMENT = """
from mezzanine.blog.models import BlogPost
from mezzanine.generic.models import ThreadedComment
post = BlogPost.objects.get(slug="a-post")
post.comments.create(user_name="Eve", user_email="eve@example.com", comment="A visitor says")
post.comments.update(is_public=True)
"""
EDIT = """
from mezzanine.pages.models import RichTextPage
page = RichTextPage.objects.get(slug="bread")
page.content = "Edited on the live site"
page.save()
"""
SHOW = """
from mezzanine.pages.models import RichTextPage
print(RichTextPage.objects.get(slug="bread").content)
"""
PAGE_OF = """
from django.contrib.sites.models import Site
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
with override_current_site_id(Site.objects.get(domain="{}").pk):
    RichTextPage.objects.create(title="A page", slug="{}", content="{}")
"""
EDIT_OF = """
from mezzanine.pages.models import RichTextPage
for page in RichTextPage._base_manager.filter(slug="{}"):
    page.content = "{}"
    page.save()
"""
SHOW_OF = """
from mezzanine.pages.models import RichTextPage
print(*RichTextPage._base_manager.filter(slug="{}").values_list("content", flat=True))
"""
USERS = """
from django.contrib.auth.models import User
print(*User.objects.order_by("id").values_list("username", "email", "is_active"))
"""
COMMENTS = "from mezzanine.generic.models import ThreadedComment as C; print(C.objects.count())"
LETTER = """
cd /srv/baking/shared/private
install -d -o baking -g baking -m 700 forms
printf 'from a visitor' >forms/letter.pdf
chown baking: forms/letter.pdf
chmod 600 forms/letter.pdf
"""
# Of what has come; and what is left of its way.
MODES = """
cd /srv/baking/shared
stat -c '%U %a' private/forms/more.pdf media/uploads/site-1/*.jpg
find transfer media -type f -name '*.zip' -o -name '*.part'
"""
# As where the line is cut before this machine notes that all has gone well.
FORGET = "from transfer.models import Origin; Origin.objects.all().delete()"
RECORD = """
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder(connection).record_{}("blog", "0099_more")
"""
# All that there is of the live site, but for what a log-in, a poll or a mail changes.
ROWS = r"""
runuser -u postgres -- pg_dump --data-only --exclude-table='*session*' baking |
    grep -v 'restrict' | sha256sum
cd /srv/baking/shared && find media -type f -exec sha256sum {} + | sort
"""


@pytest.fixture(scope="module")
def site(project, up_with_packages, template, tmp_path_factory):
    """A live site, and a machine on which content was built for it before."""
    made = Baker(template, tmp_path_factory.mktemp("content")).bake(
        project_name=NAME, live_hostname=WWW
    )
    host = up_with_packages("content", suite="trixie")
    site = Site(made, host, name=WWW, SSH_USER="root", ADMIN_PASS=PASSWORD)
    site.environment = {"VIRTUAL_ENV": str(project.python.parent.parent)}
    site.python = project.python
    with (made / NAME / "local_settings.py").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write("DEBUG = True\n" + text)
    manage(site, "createdb", "--noinput", "--verbosity=0")
    here(site, CONTENT)
    uploads = made / "media/uploads/site-1"
    uploads.mkdir(parents=True, exist_ok=True)
    (uploads / "straße.jpg").write_bytes(b"picture")
    (uploads / "large.bin").write_bytes(os.urandom(30_000_000))
    site.told = fab(site, "all")
    yield site
    host.down()


def manage(site, *arguments):
    run = subprocess.run(
        [site.python, "manage.py", *arguments], cwd=site.project, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def here(site, code):
    return manage(site, "shell", "-v0", "-c", code)


def there(site, code):
    return site.answer("python", code)


def fab(site, *arguments, **options):
    return site.fab(*arguments, environment=site.environment, **options)


def live(site):
    """Return what there is of the live site, as digests."""
    return site.host.run(ROWS).stdout


def test_what_was_built_here_goes_live(site):
    assert "What was built on this machine is not live yet: type fab push" in site.told
    before = live(site)
    output = fab(site, "push", status=2)
    assert "not agreed to; type yes when asked, or --yes" in output
    assert live(site) == before
    output = fab(site, "push", "--yes")
    assert "pages.richtextpage: " in output
    status, page = site.get("/bread/")
    assert status == 200
    assert "Rye, made here" in page
    assert site.get("/media/uploads/site-1/stra%C3%9Fe.jpg")[1] == "picture"
    assert site.get("/blog/a-post/")[0] == 200
    assert site.get("/", host="two.example")[0] == 200
    domain = "from django.contrib.sites.models import Site; print(Site.objects.get(pk=1).domain)"
    assert there(site, domain).strip() == WWW
    assert there(site, USERS).strip() == f"('admin', 'admin@{WWW}', True) ('ann', '', False)"
    here(site, FORGET)
    assert fab(site, "push").splitlines()[-1] == "All of it is live already."
    here(site, "from mezzanine.blog.models import *; BlogPost.objects.update(content='Wheat')")
    assert "not in what you have pulled" not in fab(site, "push", "--yes")


def test_what_is_live_comes_back_and_a_visitors_comment_stays(site):
    there(site, COMMENT)
    there(site, EDIT)
    fab(site, "pull")
    assert here(site, SHOW).strip() == "Edited on the live site"
    assert here(site, COMMENTS).strip() == "0"
    here(site, "from mezzanine.blog.models import *; BlogPost.objects.update(content='Made here')")
    there(site, COMMENT)
    output = fab(site, "push", "--yes")
    assert "not in what you have pulled" not in output
    page = site.get("/blog/a-post/")[1]
    assert "Made here" in page
    assert page.count("A visitor says") == 2


def test_one_site_goes_live_and_comes_back_alone(site):
    there(site, PAGE_OF.format("www.baking.example", "first", "Of the first"))
    here(site, PAGE_OF.format("two.example.localhost:8000", "second", "Built here"))
    before = here(site, SHOW)
    output = fab(site, "push", "--site", "two.example", "--yes")
    assert "Bread" not in output
    assert "New rows that have other numbers there: " in output
    assert "Built here" in site.get("/second/", host="two.example")[1]
    assert "Of the first" in site.get("/first/")[1]
    assert site.get("/second/")[0] == 404
    there(site, EDIT_OF.format("second", "Edited there"))
    there(site, EDIT_OF.format("bread", "Edited there too"))
    fab(site, "pull", "--site", "two.example")
    assert here(site, SHOW_OF.format("second")) == "Edited there\n"
    assert here(site, SHOW) == before
    assert here(site, SHOW_OF.format("first")) == "\n"
    told = fab(site, "push", "--site", "two.example").splitlines()[-1]
    assert told == "All of it is live already."
    assert "leave out --everything" in fab(site, "pull", "--site", "1", "--everything", status=2)
    assert "there is no site no.example" in fab(site, "pull", "--site", "no.example", status=1)
    fab(site, "pull")


def test_one_site_is_handed_over_from_the_server_and_to_it(site, tmp_path):
    there(site, PAGE_OF.format("two.example", "handed", "To a client"))
    fab(site, "manage", "exportsite two.example /tmp/two.zip")
    with (tmp_path / "two.zip").open("wb") as file:
        cat = ["run", "cat /tmp/two.zip; rm /tmp/two.zip"]
        process = site.start(*cat, stdout=file, stderr=subprocess.DEVNULL)
        assert process.wait(timeout=300) == 0
    site.host.copy_in(tmp_path / "two.zip", "/tmp/two.zip")
    fab(site, "manage", "importsite /tmp/two.zip --domain three.example")
    assert "To a client" in site.get("/handed/", host="three.example")[1]
    fab(site, "manage", "removesite three.example --force")
    fab(site, "pull")


def test_what_is_newer_there_is_named_and_asked_about(site):
    here(site, "from mezzanine.pages.models import *; RichTextPage.objects.update(content='x')")
    there(site, EDIT)
    before = live(site)
    output = typed(site, ["no"], "push", status=2, environment=site.environment)
    assert "Bread (changed)" in output
    assert live(site) == before
    fab(site, "pull")
    assert here(site, SHOW).strip() == "Edited on the live site"


def test_what_the_server_refuses_touches_nothing(site):
    before = live(site)
    here(site, "from mezzanine.blog.models import *; BlogPost.objects.get(slug='a-post').delete()")
    assert "comments: 2" in fab(site, "push", "--yes", status=1)
    output = fab(site, "push", "--everything", "--yes", status=1)
    assert "pulled without accounts" in output
    here(site, RECORD.format("applied"))
    assert "newer state: blog.0099_more" in fab(site, "push", "--yes", status=1)
    assert live(site) == before
    here(site, RECORD.format("unapplied"))
    fab(site, "pull")


def test_everything_has_accounts_and_what_visitors_sent(site):
    site.host.run(LETTER)
    accounts = there(site, USERS)
    assert "ann@example.com" not in accounts
    fab(site, "pull", "--everything")
    assert here(site, USERS) == accounts
    assert here(site, COMMENTS) == there(site, COMMENTS)
    letter = site.project / "private/forms/letter.pdf"
    assert letter.read_text() == "from a visitor"
    assert letter.stat().st_mode & 0o777 == 0o600
    here(site, "from django.contrib.auth.models import User; User.objects.create_user('bob')")
    (site.project / "private/forms/more.pdf").write_text("more")
    fab(site, "push", "--everything", "--yes")
    assert "('bob', '', True)" in there(site, USERS)
    assert here(site, COMMENTS) == there(site, COMMENTS)
    assert site.host.run(MODES).stdout.splitlines() == ["baking 600", "baking 644"]


def test_a_cut_line_goes_on_where_it_was(site):
    large = site.project / "media/uploads/site-1/large.bin"
    large.write_bytes(os.urandom(200_000_000))
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    part = site.host.root / f"srv/baking/shared/transfer/blobs/{digest}.part"
    before = live(site)
    with site.start("push", "--yes", environment=site.environment) as process:
        wait_for(lambda: part.exists() and part.stat().st_size > 10_000_000, 120)
        process.kill()
    site.host.run("flock --wait 60 /srv/baking/state/lease.lock true")
    assert live(site) == before
    assert "going on" in fab(site, "push", "--yes")
    arrived = site.host.root / "srv/baking/shared/media/uploads/site-1/large.bin"
    assert hashlib.sha256(arrived.read_bytes()).hexdigest() == digest
    large.unlink()
    blobs = site.project / f"backups/baking/content/blobs/{digest}.part"
    with site.start("pull", environment=site.environment) as process:
        wait_for(lambda: blobs.exists() and blobs.stat().st_size > 10_000_000, 120)
        process.kill()
    site.host.run("flock --wait 60 /srv/baking/state/lease.lock true")
    assert not large.exists()
    assert "going on" in fab(site, "pull")
    assert hashlib.sha256(large.read_bytes()).hexdigest() == digest
