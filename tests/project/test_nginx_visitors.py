"""What a visitor may send, how often and how much of it, and whose uploads a visitor is shown."""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import CSRF_COOKIE, HOST, wait_until

OTHER_HOST = "two.example"
PICTURE = "picture.png"
MEGABYTE = 1_000_000
ADDRESSES = iter(f"198.51.100.{number}" for number in range(1, 255))
WRONG = {"username": "editor", "password": "wrong"}

FORMS = {
    "a log-in": ("/accounts/login/", WRONG),
    "a log-in of staff": ("/admin/login/", WRONG),
    "a new password": ("/accounts/password/reset/", {"username": "nobody"}),
    "a new password of staff": ("/password_reset/", {"email": "nobody@example.com"}),
    "a sign-up": ("/accounts/signup/", {"username": ""}),
    "a comment": ("/comment/", {"comment": "x"}),
    "a rating": ("/rating/", {"value": "1"}),
    "a form": ("/contact/", {"field_1": "x"}),
}


@pytest.fixture(scope="module")
def proxies():
    """NGINX believes the tests about who a visitor is."""
    return ["127.0.0.1/32"]


@pytest.fixture(scope="module")
def sites(nginx, live):
    """Two sites, each with an upload."""
    live.manage("addsite", OTHER_HOST)
    for site_id in (1, 2):
        folder = nginx.folder / f"shared/media/uploads/site-{site_id}"
        folder.mkdir(parents=True)
        (folder / PICTURE).write_text(f"of site {site_id}")
    wait_until(lambda: nginx.open("/robots.txt?2", Host=OTHER_HOST).status == 200)


def send(nginx, paths, fields, address):
    """Send a form to each path, all at once; return the answers by status."""
    with ThreadPoolExecutor(len(paths)) as senders:
        headers = {"X-Forwarded-For": address}
        sent = senders.map(lambda path: nginx.open(path, fields, **headers), paths)
        answers = {}
        for answer in sent:
            answers.setdefault(answer.status, []).append(answer)
        return answers


@pytest.mark.parametrize("form", FORMS)
def test_who_sends_a_form_over_and_over_is_told_to_wait(nginx, form):
    path, fields = FORMS[form]
    address = next(ADDRESSES)
    answers = send(nginx, [path] * 24, fields, address)
    late = answers.pop(429)
    assert sum(map(len, answers.values())) >= 15
    assert late[0].headers["Retry-After"] == "10"
    assert "wait a moment" in late[0].text
    assert 429 not in send(nginx, [path], fields, next(ADDRESSES))  # others are not kept waiting
    assert nginx.open("/about/", **{"X-Forwarded-For": address}).status == 200


def test_all_forms_count_together(nginx):
    paths = [path for path, _ in FORMS.values()] * 3
    assert 429 in send(nginx, paths, {"x": "y"}, next(ADDRESSES))


def test_staff_at_their_work_are_not_kept_waiting(nginx, administrator):
    headers = {"X-Forwarded-For": next(ADDRESSES)}
    editor = nginx.visitor()
    editor.cookies = administrator.cookies
    for path in ("/admin/pages/page/", "/edit/"):
        answers = [editor.open(path, {"x": "y"}, **headers) for _ in range(40)]
        assert 429 not in {answer.status for answer in answers}


def announced(nginx, path, size, cookies=""):
    """Announce a body of that many bytes and send none of it; return the status of the answer.

    None where NGINX waits for the body, which is that it would read it.
    """
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nCookie: {cookies}\r\n"
    )
    head += f"X-Forwarded-For: {next(ADDRESSES)}\r\nContent-Length: {size}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", nginx.port)) as plain:
        with ssl._create_unverified_context().wrap_socket(plain, server_hostname=HOST) as client:
            client.settimeout(3)
            client.sendall(head.encode())
            try:
                return int(client.recv(100).split()[1])
            except TimeoutError:
                return None


@pytest.mark.parametrize("path", ["/", "/contact/", "/accounts/login/", "/comment/", "/adminx/"])
def test_nobody_sends_a_large_body_to_the_site(nginx, path):
    assert announced(nginx, path, 11 * 2**20) == 413
    assert announced(nginx, path, 99 * MEGABYTE) == 413
    assert announced(nginx, path, 9 * MEGABYTE) is None


@pytest.mark.parametrize(
    "cookies", ["", "__Host-sessionid=forged", "sessionid=x; __Host-sessionid=y"]
)
def test_a_stranger_sends_no_large_body_to_the_admin_either(nginx, cookies):
    for path in ("/admin/", "/admin/login/", "/admin/media-library/upload_file/"):
        assert announced(nginx, path, 20 * MEGABYTE, cookies) == 403
        assert announced(nginx, path, 200 * MEGABYTE, cookies) == 413


def test_a_body_of_unknown_length_is_read_no_further_than_a_small_one(nginx):
    part = b"ffff\r\n" + b"x" * 65535 + b"\r\n"
    head = f"POST /admin/ HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", nginx.port)) as plain:
        with ssl._create_unverified_context().wrap_socket(plain, server_hostname=HOST) as client:
            client.sendall(head.encode() + part * 170)  # 11 MB, and more would come
            assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_staff_upload_what_is_large(nginx, administrator):
    cookies = "; ".join(f"{name}={each.value}" for name, each in administrator.cookies.items())
    assert announced(nginx, "/admin/media-library/upload_file/", 50 * MEGABYTE, cookies) is None
    assert announced(nginx, "/contact/", 50 * MEGABYTE, cookies) == 413
    head = b'--x\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\n'
    headers = {"Host": HOST, "Origin": f"https://{HOST}", "Cookie": cookies}
    headers |= {"X-CSRFToken": administrator.cookies[CSRF_COOKIE].value}
    headers |= {"Content-Type": "multipart/form-data; boundary=x"}
    body = head + b"x" * 12 * MEGABYTE + b"\r\n--x--\r\n"
    connection = nginx.visitor().connect()
    connection.request("POST", "/admin/pages/richtextpage/add/", body, headers)
    assert connection.getresponse().status == 200  # Django has it all, and shows its form


@pytest.mark.usefixtures("sites")
def test_uploads_of_a_site_are_shown_under_its_own_names_alone(nginx):
    def status(host, site_id):
        return nginx.open(f"/media/uploads/site-{site_id}/{PICTURE}", Host=host).status

    for _ in range(2):  # and again, from memory
        assert [status(HOST, 1), status(HOST, 2)] == [200, 403]
        assert [status(OTHER_HOST, 1), status(OTHER_HOST, 2)] == [403, 200]
        assert [status(f"www.{OTHER_HOST}", 1), status(f"www.{OTHER_HOST}", 2)] == [403, 200]
        assert [status("evil.example", 1), status("evil.example", 2)] == [403, 403]


@pytest.mark.usefixtures("sites")
@pytest.mark.parametrize(
    "path",
    [
        "/media/uploads/site-2/picture.png?x=1",
        "/media//uploads/site-2/picture.png",
        "/media/uploads//site-2/picture.png",
        "/media/uploads/site-1/../site-2/picture.png",
        "/media/uploads/%73ite-2/picture.png",
        "/media/./uploads/site-2/./picture.png",
        "//media/uploads/site-2/picture.png",
        "/static/../media/uploads/site-2/picture.png",
    ],
)
def test_no_other_way_to_write_the_address_shows_them(nginx, path):
    answer = nginx.open(path, **{"X-Uploads-Of": "1"})
    assert answer.status >= 400
    assert "of site 2" not in answer.text


@pytest.mark.usefixtures("sites")
def test_staff_see_the_uploads_of_the_site_that_they_have_chosen(nginx, administrator):
    editor = nginx.visitor()
    editor.cookies = dict(administrator.cookies)
    path = f"/media/uploads/site-2/{PICTURE}"
    assert nginx.open(path).status == 403
    editor.open("/set_site/", {"site_id": "2"})
    wait_until(lambda: editor.open(path).status == 200)
    assert nginx.open(path).status == 403
    editor.open("/set_site/", {"site_id": "1"})


@pytest.mark.usefixtures("sites")
def test_pictures_are_there_while_django_is_not(nginx, live):
    path = f"/media/uploads/site-1/{PICTURE}"
    assert nginx.open(path).status == 200
    live.stop()
    try:
        assert nginx.open(path).text == "of site 1"
    finally:
        live.start()
