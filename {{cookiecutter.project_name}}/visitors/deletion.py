"""Deleting what belongs to a visitor, and what nobody needs any more."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.timezone import now
from django.utils.translation import gettext as _
from mezzanine.forms.models import FormEntry


class Refused(Exception):
    """Nothing was deleted; the words say why."""


def delete(traces):
    """Delete all of it, or raise Refused. The profiles of an account go with it.

    Answers of others to a comment remain, below an empty one.
    """
    if staff := [str(account) for account in traces.accounts if account.is_staff]:
        raise Refused(f"{', '.join(staff)} is staff: take that away first.")
    if owned := traces.owned():
        what = ", ".join(f"{count} {name}" for name, count in owned.items())
        raise Refused(f"The account owns {what}: give them to somebody else first.")
    try:
        with transaction.atomic():
            delete_rows(traces)
    except (ProtectedError, RestrictedError) as error:  # of a model of the project's own
        needed = {str(row._meta.verbose_name_plural) for row in error.args[1]}
        words = f"The account is needed by {', '.join(sorted(needed))}: see to these first."
        raise Refused(words) from None
    except ConnectionError:  # from the bucket that has the files of entries
        raise Refused(_("The files cannot be reached just now; try again later.")) from None


def delete_rows(traces):
    traces.entries.delete()
    traces.mails.delete()
    for comment in traces.comments.order_by("-pk"):  # answers before what they answer
        delete_comment(comment)
    for rating in traces.ratings:
        rating.delete()
    forget_sessions(traces.sessions)
    for account in traces.accounts:
        account.delete()


def delete_comment(comment):
    if not comment.comments.exists():
        comment.delete()
        return
    comment.user = comment.ip_address = None
    comment.user_name = comment.user_email = comment.user_url = comment.comment = ""
    comment.is_removed = True
    comment.save()


def forget_sessions(keys):
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in keys:
        store(key).delete()


def delete_old_entries():
    """Delete entries of forms, with their files, after FORM_ENTRIES_DAYS; return how many."""
    days = getattr(settings, "FORM_ENTRIES_DAYS", 0)
    if not days:
        return 0
    old = FormEntry._base_manager.filter(entry_time__lt=now() - timedelta(days))
    count = old.count()
    old.delete()
    return count
