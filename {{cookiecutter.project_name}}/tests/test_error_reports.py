"""Errors of the site: mailed once for each fault, and found in the log by their X-Request-ID."""

import logging
import os
import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core import mail
from django.core.signals import request_finished, request_started
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response

error_reports = import_module(f"{settings.PROJECT_APP}.error_reports")
request_ids = import_module(f"{settings.PROJECT_APP}.request_ids")
ID = "0123456789abcdef0123456789abcdef"
SECRET = "hunter2"


@pytest.fixture
def handler(tmp_path, settings, monkeypatch):
    """What mails errors on a live site, of one of its processes."""
    settings.ADMINS = [("Ann", "ann@example.com")]
    handler = error_reports.OncePerFault(directory=tmp_path / "faults")
    handler.addFilter(request_ids.RequestId())
    monkeypatch.setattr(logging.getLogger("django"), "handlers", [handler])
    return handler


def fail(words=SECRET, kind=ValueError, status=500):
    """Let a view fail for a visitor who has sent a secret in every way there is."""
    headers = {"Cookie": f"sessionid={words}", "Authorization": words, "User-Agent": words}
    address = f"/verify/{words}/?token={words}"
    request = RequestFactory().post(address, {"card": words}, headers=headers)
    request.resolver_match = SimpleNamespace(route="verify/<key>/")
    try:
        try:
            raise KeyError(words)
        except KeyError:
            raise kind(f"{words} is wrong")  # noqa: B904
    except kind as error:
        response = HttpResponse(status=status)
        about = {"response": response, "request": request, "exception": error}
        log_response("%s: %s", "Internal Server Error", request.path, **about)


def listeners(signal):
    return signal._live_receivers(sender=None)[0]


def test_a_fault_is_mailed_once_however_many_visitors_meet_it(handler, tmp_path):
    for number in range(20):
        fail(f"visitor {number}")
    assert len(mail.outbox) == 1
    assert "ValueError in test_error_reports.py, line" in mail.outbox[0].subject
    other = error_reports.OncePerFault(directory=tmp_path / "faults")  # of another process
    assert other.count(os.listdir(tmp_path / "faults")[0].partition(".")[0]) is None
    fail(kind=LookupError)  # another fault
    assert len(mail.outbox) == 2


def test_a_fault_that_goes_on_is_mailed_the_next_day_with_how_often_it_came(handler, tmp_path):
    for _ in range(8):
        fail()
    yesterday = time.time() - error_reports.DAY - 60
    for path in (tmp_path / "faults").iterdir():
        os.utime(path, (yesterday, yesterday))
    fail()
    fail()
    assert len(mail.outbox) == 2
    assert "It has come 7 times since the last mail about it." in mail.outbox[1].body


def test_the_mail_has_nothing_of_what_a_visitor_sent(handler):
    fail()
    text = mail.outbox[0].message().as_string()
    assert SECRET not in text
    assert "POST /verify/<key>/" in text
    assert "KeyError" in text
    assert "which led to" in text
    assert "raise KeyError(words)" in text


def test_what_is_no_error_of_the_site_is_not_mailed(handler):
    fail(status=400)
    fail(status=404)
    assert mail.outbox == []


def test_where_nothing_can_be_noted_each_process_mails_a_fault_once(handler, tmp_path):
    (tmp_path / "faults").write_text("no directory")
    for _ in range(5):
        fail()
    assert len(mail.outbox) == 1


def test_an_error_outside_of_a_request_is_mailed_too(handler):
    for number in range(3):
        logging.getLogger("django.tasks").error("The job %s failed", number)
    assert len(mail.outbox) == 1
    assert "The job %s failed" in mail.outbox[0].body


def test_each_line_of_the_log_has_the_id_that_nginx_gave_the_request(handler):
    assert request_ids.begin in listeners(request_started)
    assert request_ids.end in listeners(request_finished)
    told, keep = [], logging.Handler()
    keep.emit = lambda record: told.append(record.request_id)
    keep.addFilter(request_ids.RequestId())
    logger = logging.getLogger("garden")
    logger.addHandler(keep)
    try:
        for given in (ID, "", "made up by a visitor", ID.upper(), f"{ID}\n[ERROR] forged"):
            request_ids.begin(environ={"HTTP_X_REQUEST_ID": given})
            logger.error("something")
        request_ids.begin(environ={"HTTP_X_REQUEST_ID": ID})
        fail()
        request_ids.end()
        logger.error("afterwards")
    finally:
        logger.removeHandler(keep)
    assert told == [ID, "-", "-", "-", "-", "-"]
    assert f"fab logs --request {ID}" in mail.outbox[0].body
