"""A site whose uploads are in object storage: from an empty server, and there and back."""

import contextlib
import json
import re
import subprocess
import threading

import pytest
from object_store import KEYS, ObjectStore
from servers import wait_until
from sites import PASSWORD, Site, Visitor
from support import Baker

NAME = "garden"
WWW = "www.garden.example"
SHARED = f"srv/{NAME}/shared"
CONTENT = """
from mezzanine.forms.models import Form
from mezzanine.pages.models import RichTextPage
form = Form.objects.create(title="Apply", slug="apply")
form.fields.create(label="Letter", field_type=9)
picture = '<img src="/media/uploads/site-1/filedata.gif" width="1" height="1">'
RichTextPage.objects.create(title="Lake", slug="lake", content=picture)
"""
GIF = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c000000000100010000020244"
)
GIF += bytes.fromhex("01003b")
OTHER = GIF.replace(bytes.fromhex("ffffff"), bytes.fromhex("00ff00"))
PICTURE = "media/uploads/site-1/filedata.gif"
LIBRARY = "/admin/media-library"


@pytest.fixture(scope="module")
def store(rig, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    store = ObjectStore(folder, address=f"{rig.network.subnet}.1").start()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def site(up_with_packages, store, template, tmp_path_factory):
    """A site that was deployed to an empty server, with its uploads in the bucket."""
    made = Baker(template, tmp_path_factory.mktemp("garden")).bake(
        project_name=NAME, live_hostname=WWW
    )
    host = up_with_packages("garden", suite="trixie")
    site = Site(made, host, name=WWW, SSH_USER="root", ADMIN_PASS=PASSWORD)
    site.configure(UPLOADS=store.uploads)
    site.told = site.fab("all", status=1)
    give(site, "AWS_ACCESS_KEY_ID")
    give(site, "AWS_SECRET_ACCESS_KEY", "wrong")
    site.told_of_wrong_key = site.fab("deploy", status=1)
    site.left_by_wrong_key = host.run(f"ls /srv/{NAME}/releases").stdout
    give(site, "AWS_SECRET_ACCESS_KEY")
    site.fab("deploy")
    site.fab("python", CONTENT)
    yield site
    host.down()


@pytest.fixture(scope="module")
def staff(site):
    visitor = Visitor(site)
    visitor.log_in("admin", PASSWORD)
    return visitor


def give(site, name, value=""):
    with site.start("secret", name, stdin=subprocess.PIPE) as process:
        told = process.communicate(f"{value or KEYS[name]}\n")[0]
    assert process.returncode == 0, told
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in told


def upload(staff, content=GIF, **fields):
    status, answer = staff.ask(f"{LIBRARY}/upload_file/", {"Filedata": content} | fields)
    assert status == 200, answer


def shown(site, path=PICTURE):
    """Return the status and the content of an upload, as a visitor gets it."""
    return Visitor(site).ask(f"/{path}")


def test_without_keys_a_deploy_says_what_to_type(site):
    assert "UPLOADS needs keys of access: type fab secret AWS_ACCESS_KEY_ID" in site.told


def test_with_a_wrong_key_a_deploy_says_so_in_a_line_and_begins_nothing(site, store):
    line = rf"the bucket garden at {store.endpoint}: .*(denied|Forbidden|403)"
    assert re.search(line, site.told_of_wrong_key, re.IGNORECASE)
    assert site.left_by_wrong_key == ""


def test_the_secret_key_is_in_no_file_that_others_read(site):
    command = "grep -rlF --exclude-dir=state -f - /srv /etc /var/log /run || true"
    found = site.host.run(command, input=KEYS["AWS_SECRET_ACCESS_KEY"]).stdout.split()
    assert found == [f"/srv/{NAME}/shared/settings.json"]
    files = "shared/settings.json state/uploads.json state/uploads-of-site.json"
    modes = site.host.run(f"cd /srv/{NAME} && stat -c '%U:%G %a' {files}").stdout.splitlines()
    assert modes == [f"root:{NAME} 640", "root:www-data 440", f"root:{NAME} 440"]


def test_a_picture_goes_into_the_bucket_and_is_shown_under_its_address(site, staff, store):
    upload(staff)
    assert store.objects()[PICTURE] == GIF
    assert not (site.host.root / SHARED / PICTURE).exists()
    assert shown(site) == (200, GIF)
    address = re.search(r'<img [^>]*src="/(media/uploads/[^"]+)"', site.get("/lake/")[1])[1]
    assert shown(site, address)[0] == 200
    assert staff.ask(f"{LIBRARY}/browse/")[0] == 200


def test_a_file_that_is_uploaded_again_is_shown(site, staff):
    upload(staff, OTHER, replace="1")
    wait_until(lambda: shown(site) == (200, OTHER))
    upload(staff, GIF, replace="1")
    wait_until(lambda: shown(site) == (200, GIF))


def test_what_a_visitor_sends_by_a_form_is_for_staff_alone(site, staff, store):
    visitor = Visitor(site)
    page = visitor.ask("/apply/")[1].decode()
    name = re.search(r'type="file" name="(field_\d+)"', page) or re.search(
        r'name="(field_\d+)"[^>]*type="file"', page
    )
    assert visitor.ask("/apply/", {name[1]: b"a letter", "referrer": ""})[0] == 302
    (path,) = (name for name in store.objects() if name.startswith("private/"))
    assert store.objects()[path] == b"a letter"
    for address in (path, f"media/../{path}", f"media/%2e%2e/{path}", f"media/..%2f{path}"):
        status, answer = visitor.ask(f"/{address}")
        assert status in (301, 400, 404)  # 301 is Django's, which adds a slash
        assert b"a letter" not in answer
    code = "from mezzanine.forms.models import FieldEntry; print(FieldEntry.objects.get().pk)"
    number = site.answer("python", code).strip()
    address = f"/admin/forms/form/file/{number}/"
    assert staff.ask(address) == (200, b"a letter")
    assert Visitor(site).ask(address)[0] == 302


def test_nothing_but_uploads_is_given_away(site):
    assert shown(site, "media/")[0] in (403, 404)
    assert shown(site, "media/none.gif")[0] == 404
    assert Visitor(site).ask(f"/{PICTURE}", {"x": "y"})[0] == 405
    status, page = shown(site, "media/uploads/site-2/none.gif")
    assert status in (403, 404)


def test_a_backup_has_the_uploads_and_a_restore_brings_them_back(site, staff, store):
    before = store.objects()
    name = site.answer("backup").strip()
    assert staff.ask(f"{LIBRARY}/delete/?filename=filedata.gif", {})[0] == 302
    upload(staff, OTHER, replace="1")
    assert store.objects() != before
    site.fab("restore", name, "--yes", name)
    assert store.objects() == before
    wait_until(lambda: shown(site) == (200, GIF))


def test_while_the_bucket_is_away_pages_answer_and_staff_are_told(site, staff, store):
    assert shown(site) == (200, GIF)
    assert re.search(r"uploads: +in the bucket garden", site.status())
    store.stop()
    try:
        assert site.get("/")[0] == 200
        assert site.get("/lake/")[0] == 200
        assert shown(site) == (200, GIF)
        status, page = staff.ask(f"{LIBRARY}/browse/")
        assert status == 503
        assert b"The files cannot be reached just now" in page
        assert re.search(r"uploads: +the bucket garden at http", site.status())
        output = site.fab("backup", status=1)
        assert "the bucket garden at http" in output
    finally:
        store.start()
    # It is not asked for ten seconds after a question that nobody has answered.
    wait_until(lambda: staff.ask(f"{LIBRARY}/browse/")[0] == 200)


@contextlib.contextmanager
def uploading(staff):
    """Let staff upload one file after the other; yield the list of the names of those that are."""
    stored, is_over = [], threading.Event()

    def go_on():
        while not is_over.is_set():
            fields = {"Filedata": GIF, "name": "x"}
            status, answer = staff.ask(f"{LIBRARY}/upload_file/", fields)
            if status == 200:
                stored.append("media/" + json.loads(answer)["path"])

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield stored
    finally:
        is_over.set()
        thread.join()


def test_no_upload_is_lost_while_they_move(site, staff, store):
    for uploads in ("", store.uploads):
        site.configure(UPLOADS=uploads)
        with uploading(staff) as stored:
            site.fab("deploy")
        assert len(stored) > 5
        here = site.host.run(f"cd /{SHARED} && find media -type f").stdout.split()
        assert set(stored) - set(store.objects() if uploads else here) == set()
        assert not (site.host.root / f"srv/{NAME}/state/moving-uploads.json").exists()


def test_uploads_move_to_the_server_and_to_the_bucket_again(site, staff, store):
    before = store.objects()
    site.configure(UPLOADS="")
    site.fab("deploy")
    for name, content in before.items():
        assert (site.host.root / SHARED / name).read_bytes() == content
    assert shown(site) == (200, GIF)
    upload(staff, OTHER)
    assert store.objects() == before
    here = site.host.run(f"cd /{SHARED} && find media private -type f ! -path '*/.thumbnails/*'")
    site.configure(UPLOADS=store.uploads)
    site.fab("deploy")
    assert sorted(store.objects()) == sorted(here.stdout.split())
    assert len(store.objects()) == len(before) + 1
    assert shown(site) == (200, GIF)


def test_content_comes_here_and_goes_back(site, staff, store, project):
    environment = {"VIRTUAL_ENV": str(project.python.parent.parent)}
    local = site.project / NAME / "local_settings.py"
    local.write_text("DEBUG = True\n" + local.read_text("utf-8"), "utf-8")
    create = [project.python, "manage.py", "createdb", "--noinput", "--nodata", "--verbosity=0"]
    subprocess.run(create, cwd=site.project, check=True, capture_output=True)
    site.fab("pull", environment=environment)
    here = site.project / PICTURE
    assert here.read_bytes() == GIF
    here.write_bytes(OTHER)
    (here.parent / "new.gif").write_bytes(GIF)
    before = store.objects()
    site.fab("push", "--yes", environment=environment)
    changed = {PICTURE: OTHER, f"{PICTURE.rpartition('/')[0]}/new.gif": GIF}
    assert store.objects() == before | changed
    wait_until(lambda: shown(site) == (200, OTHER))


def test_the_bucket_stays_when_the_site_is_removed(site, store):
    before = store.objects()
    output = site.fab("remove", "--yes", NAME)
    assert f"The uploads stay in their bucket: {store.uploads}" in output
    assert store.objects() == before
