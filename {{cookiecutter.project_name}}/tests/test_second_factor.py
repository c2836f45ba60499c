"""Staff log in with a code of an app as well, where SECOND_FACTOR is on."""

import re
from datetime import timedelta
from io import StringIO
from zipfile import ZipFile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone, translation
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from mezzanine.core.models import SitePermission
from second_factors import ADMIN, HOST, PAGE, code_of, employ, is_in, key_on, log_in, send, set_up

from second_factor.devices import RECOVERY_CODES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
USERS = reverse(f"admin:{get_user_model()._meta.label_lower.replace('.', '_')}_changelist")
HOUR = 3600  # seconds after the first wrong code, in the place of one
OPEN = {PAGE, reverse("admin:logout"), reverse("logout"), reverse("look"), reverse("manifest")}


@pytest.fixture
def asked(settings):
    settings.SECOND_FACTOR = True
    settings.OTP_TOTP_SYNC = False  # a code that comes late on a slow machine moves no clock
    settings.OTP_TOTP_THROTTLE_FACTOR = settings.OTP_STATIC_THROTTLE_FACTOR = HOUR
    return employ()


@pytest.fixture
def ann(asked):
    """Ann has an app: her key and her recovery codes."""
    return set_up(log_in())


def wait(times):
    """Let wrong codes have been typed earlier, by so many times what the first has to wait."""
    for model in (TOTPDevice, StaticDevice):
        for device in model.objects.exclude(throttling_failure_timestamp=None):
            device.throttling_failure_timestamp -= timedelta(seconds=times * HOUR)
            device.save()


# Without it


def test_where_it_is_off_a_password_is_enough_and_there_is_no_such_page():
    employ()
    client = log_in()
    assert is_in(client)
    assert client.get(PAGE).status_code == 404
    page = client.get(USERS).content.decode()
    assert "second" not in page.lower()
    assert "totp" not in client.get(ADMIN).content.decode()


def test_members_and_visitors_are_asked_for_no_code(asked, browse):
    for name in (None, "member"):
        client = browse(name)
        assert client.get("/").status_code == 200
        assert client.get(PAGE)["Location"].startswith(reverse("admin:login"))


# Setting it up


@pytest.mark.parametrize("where", ["admin:login", "login"])
def test_who_logs_in_without_an_app_sets_one_up_first(asked, where):
    client = log_in(where=where)
    assert not is_in(client)
    page = client.get(f"{PAGE}?next=/admin/blog/")
    assert '<img src="data:image/svg+xml' in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")
    key = key_on(page)
    assert key_on(client.get(PAGE)) == key  # also when it is loaded again
    wrong = send(client, "000000" if code_of(key) != "000000" else "000001")
    assert "This code is wrong" in wrong.content.decode()
    assert not TOTPDevice.objects.exists()
    shown = send(client, code_of(key), f"{PAGE}?next=/admin/blog/")
    assert '<a href="/admin/blog/">' in shown.content.decode()
    assert len(re.findall(r"<code>[a-z2-7]{8}</code>", shown.content.decode())) == RECOVERY_CODES
    assert is_in(client)


def test_the_recovery_codes_are_shown_once(ann):
    client = log_in()
    send(client, ann[1][0])
    for address in (PAGE, ADMIN):
        content = client.get(address).content.decode()
        assert [code for code in ann[1] if code in content] == []


def test_the_page_runs_no_script_that_is_in_it(asked):
    page = log_in().get(PAGE)
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=", page.content.decode()) == []


def test_it_is_in_german_where_the_browser_is(asked, settings):
    settings.LANGUAGE_CODE = "de"
    with translation.override("de"):
        page = log_in().get(PAGE).content.decode()
    assert "Zweiter Faktor" in page
    assert "Geben Sie den Code ein, den sie anzeigt." in page


# Being asked


def test_the_next_log_in_asks_for_a_code_which_counts_once(ann):
    key, _ = ann
    first, second = log_in(), log_in()
    assert not is_in(first)
    code = code_of(key, later=1)
    assert send(first, f"{code[:3]} {code[3:]}")["Location"] == ADMIN
    assert is_in(first)
    assert "This code is wrong" in send(second, code).content.decode()
    assert not is_in(second)


def test_a_recovery_code_lets_in_once(ann):
    code = ann[1][3]
    first, second = log_in(), log_in()
    assert send(first, code.upper()).status_code == 302
    assert "9 recovery codes are left" in first.get(ADMIN).content.decode()
    assert send(second, code).status_code == 200
    assert is_in(first)
    assert not is_in(second)


def test_the_code_of_another_does_not_count(ann):
    employ("bob")
    key, codes = set_up(log_in("bob"))
    client = log_in()
    assert send(client, code_of(key, later=1)).status_code == 200
    assert send(client, codes[0]).status_code == 200
    assert not is_in(client)


def test_a_session_is_another_one_once_the_code_is_given(ann, settings):
    client = log_in()
    old = Client(HTTP_HOST=HOST)
    old.cookies[settings.SESSION_COOKIE_NAME] = client.session.session_key
    assert not is_in(old)
    send(client, ann[1][0])
    assert old.get(ADMIN)["Location"].startswith(reverse("admin:login"))


def test_a_code_leads_to_no_other_site(ann):
    client = log_in()
    assert send(client, ann[1][0], f"{PAGE}?next=https://evil.example/")["Location"] == ADMIN


# With a password alone


def addresses():
    for _, route, _, _ in extract_views_from_urlpatterns(get_resolver().url_patterns):
        yield "/" + re.sub(r"<(?:\w+:)?\w+>", "1", simplify_regex(route)).lstrip("/")


@pytest.mark.parametrize("has_app", [False, True])
def test_with_a_password_alone_no_address_shows_or_does_anything(asked, has_app):
    if has_app:
        set_up(log_in())
    client, found = log_in(), {*addresses()} - OPEN
    assert {"/edit/", "/set_site/", "/admin/media-library/upload_file/", USERS, "/"} <= found
    for address in found:
        for method in ("get", "post", "put"):
            response = getattr(client, method)(address)
            if address.startswith("/.nginx/"):
                assert response.status_code == 403, address
            else:
                assert response.status_code == 302, (method, address)
                assert response["Location"].startswith(PAGE), (method, address)


def test_who_has_an_app_cannot_set_up_another_without_a_code(ann):
    client = log_in()
    page = client.get(PAGE).content.decode()
    assert "data:image" not in page
    assert "second_factor_key" not in client.session
    assert "Type the code that the app" in page


def test_superusers_who_are_no_staff_edit_in_the_page_and_are_asked_as_well(asked):
    employ("root", is_staff=False)
    assert log_in("root", "login").get("/")["Location"] == f"{PAGE}?next=/"


def test_staff_are_asked_at_a_site_that_is_not_theirs_too(asked, sites):
    employ("eve", is_superuser=False)
    client = log_in("eve", host="two.example")
    assert client.get(PAGE).status_code == 200
    set_up(client)
    assert client.get(ADMIN).status_code == 403


def test_public_pages_stay_public(asked, ask):
    assert ask("/public/").headers["X-Accel-Expires"] != "0"


# Guessing


def test_a_wrong_code_makes_the_next_wait_and_each_twice_as_long(ann):
    key, codes = ann
    client = log_in()
    for failures in range(1, 6):
        assert "This code is wrong" in send(client, "abc123").content.decode()
        early = send(log_in(), code_of(key, later=1)).content.decode()  # in another browser, too
        assert "too many wrong codes" in early
        device = TOTPDevice.objects.get()
        assert device.throttling_failure_count == failures
        wait(2 ** (failures - 1))
    assert send(client, code_of(key, later=1)).status_code == 302
    assert TOTPDevice.objects.get().throttling_failure_count == 0


def test_guessing_recovery_codes_waits_as_well_and_leaves_the_app_alone(ann):
    client = log_in()
    for _ in range(2):
        send(client, "a wrong one")
    assert "too many wrong codes" in send(client, ann[1][0]).content.decode()
    assert send(client, code_of(ann[0], later=1)).status_code == 302


def test_nobody_waits_longer_than_somebody_has_guessed(ann):
    client, begun = log_in(), timezone.now()
    for failures in range(8):
        send(client, "000000x")
        send(client, "abcdef")
        wait(2**failures)
    guessed = timedelta(seconds=HOUR * 2**8)
    _, why = TOTPDevice.objects.get().verify_is_allowed()
    assert why is None or why["locked_until"] - begun <= guessed


# Losing it


def test_who_is_in_puts_another_app_in_the_place_of_the_first(ann):
    client = log_in()
    send(client, ann[1][0])
    assert PAGE in client.get(ADMIN).content.decode()
    key, codes = set_up(client)
    assert is_in(client)
    assert key != ann[0]
    other = log_in()
    assert send(other, ann[1][1]).status_code == 200
    wait(1)
    assert send(other, codes[0]).status_code == 302


def test_a_wrong_code_leaves_the_first_app_as_it_is(ann):
    client = log_in()
    send(client, ann[1][0])
    key = key_on(client.get(PAGE))
    assert send(client, "000000" if code_of(key) != "000000" else "000001").status_code == 200
    assert is_in(client)
    assert TOTPDevice.objects.get().bin_key == ann[0]


def test_a_superuser_takes_the_app_of_another_away(ann):
    boss = log_in()
    send(boss, ann[1][0])
    bob = employ("bob", is_superuser=False)
    client = log_in("bob")
    set_up(client)
    assert client.get(PAGE).status_code == 200
    chosen = {"action": "remove_second_factor", "_selected_action": [bob.pk], "index": "0"}
    assert "Second factor removed: bob" in boss.post(USERS, chosen, follow=True).content.decode()
    assert LogEntry.objects.get(object_id=str(bob.pk)).get_change_message()
    assert not TOTPDevice.objects.filter(user=bob).exists()
    assert not StaticDevice.objects.filter(user=bob).exists()
    assert not is_in(client)
    assert TOTPDevice.objects.filter(user__username="ann").exists()


def test_other_staff_take_nothing_away_and_see_no_key(ann):
    bob = employ("bob", is_superuser=False)
    bob.user_permissions.set(Permission.objects.all())
    SitePermission.objects.create(user=bob).sites.set([1])
    client = log_in("bob")
    set_up(client)
    user = get_user_model().objects.get(username="ann")
    chosen = {"action": "remove_second_factor", "_selected_action": [user.pk], "index": "0"}
    client.post(USERS, chosen)
    assert "remove_second_factor" not in client.get(USERS).content.decode()
    assert TOTPDevice.objects.filter(user=user).exists()
    for address in ("/admin/otp_totp/totpdevice/", "/admin/otp_static/staticdevice/"):
        assert client.get(address).status_code == 404


def test_the_only_superuser_gets_in_again_by_a_command(ann):
    out = StringIO()
    call_command("removesecondfactor", "ann", stdout=out)
    assert out.getvalue() == "Removed.\n"
    client = log_in()
    assert key_on(client.get(PAGE)) != ann[0]
    for name, words in (("ann", "ann has no second factor."), ("eve", "There is no user eve.")):
        with pytest.raises(CommandError, match=words):
            call_command("removesecondfactor", name)


# Where it does not go


@pytest.mark.parametrize("everything", [False, True])
def test_no_key_travels(ann, tmp_path, everything):
    device = TOTPDevice.objects.get()
    path = tmp_path / "content"
    call_command("exportcontent", str(path), everything=everything, verbosity=0)
    assert in_zip(path)
    for secret in (device.key, *ann[1]):
        assert secret not in in_zip(path)


def test_the_data_of_a_visitor_has_no_key_and_what_is_deleted_takes_it_along(ann, tmp_path):
    user = get_user_model().objects.get(username="ann")
    device = TOTPDevice.objects.get()
    call_command("exportvisitor", "ann", str(tmp_path / "x.zip"), verbosity=0)
    assert device.key not in in_zip(tmp_path / "x.zip")
    get_user_model().objects.filter(pk=user.pk).update(is_staff=False, is_superuser=False)
    call_command("deletevisitor", "ann", interactive=False, verbosity=0, stdout=StringIO())
    assert not TOTPDevice.objects.exists()
    assert not StaticDevice.objects.exists()


def in_zip(path):
    with ZipFile(path) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
