"""Codes that somebody guesses, and staff who have lost what shows theirs."""

from datetime import timedelta
from io import StringIO
from zipfile import ZipFile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from mezzanine.core.models import SitePermission
from second_factors import (
    ADMIN,
    HOUR,
    PAGE,
    USERS,
    code_of,
    employ,
    is_in,
    key_on,
    log_in,
    send,
    set_up,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def wait(times):
    """Let wrong codes have been typed earlier, by so many times what the first has to wait."""
    for model in (TOTPDevice, StaticDevice):
        for device in model.objects.exclude(throttling_failure_timestamp=None):
            device.throttling_failure_timestamp -= timedelta(seconds=times * HOUR)
            device.save()


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
