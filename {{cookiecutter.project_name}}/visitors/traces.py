"""What belongs to one visitor on all sites: accounts, comments, entries, mails, ratings, sessions.

Whoever is asked about it is staff, so that sites of which the staff are not are included.
"""

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.db.models import Q
from mezzanine.core.models import Ownable
from mezzanine.forms.models import FieldEntry, FormEntry
from mezzanine.generic.models import Rating, ThreadedComment

from mail.models import QueuedMail

SESSIONS_IN_DATABASE = ("db", "cached_db")


class Traces:
    """The rows that belong to an e-mail address and its accounts, or to the account of a name.

    To a name belongs what was written under that account alone: nobody has shown that the address
    of an account is its owner's.
    """

    def __init__(self, who):
        users = get_user_model()._base_manager.all()
        email, name = Q(email__iexact=who), Q(**{get_user_model().USERNAME_FIELD: who})
        self.accounts = [*(users.filter(email | name) if who else users.none())]
        self.email = who if "@" in who else ""

    def has_email(self, name):
        """Return a Q for rows whose field of that name is the address."""
        return Q(**{f"{name}__iexact": self.email}) if self.email else Q(pk__in=[])

    @property
    def comments(self):
        mine = Q(user__in=self.accounts) | Q(user=None) & self.has_email("user_email")
        return ThreadedComment._base_manager.filter(mine).order_by("pk")

    @property
    def entries(self):
        """The entries of forms with a field that is the address, as a QuerySet."""
        fields = FieldEntry._base_manager.filter(self.has_email("value"))
        return FormEntry._base_manager.filter(pk__in=fields.values("entry")).order_by("pk")

    @property
    def mails(self):
        """What waits to be sent to the address, and what is remembered of mails to it."""
        return QueuedMail.objects.filter(self.has_email("recipient")).order_by("pk")

    @property
    def ratings(self):
        return Rating._base_manager.filter(user__in=self.accounts).order_by("pk")

    @property
    def sessions(self):
        """The keys of the sessions of the accounts, where sessions are in the database."""
        if settings.SESSION_ENGINE.rpartition(".")[2] not in SESSIONS_IN_DATABASE:
            return []
        own = {str(account.pk) for account in self.accounts}
        rows = Session.objects.iterator() if own else []
        return [row.session_key for row in rows if str(row.get_decoded().get(SESSION_KEY)) in own]

    def counts(self):
        """Return how many there are, a dict by a name that is plural."""
        return {
            "accounts": len(self.accounts),
            "comments": self.comments.count(),
            "entries of forms": self.entries.count(),
            "e-mails": self.mails.count(),
            "ratings": self.ratings.count(),
            "sessions": len(self.sessions),
        }

    def owned(self):
        """Return what the accounts have written as staff, a dict of counts by plural names."""
        found = {}
        for model in apps.get_models():
            if issubclass(model, Ownable) and not model._meta.proxy:
                if count := model._base_manager.filter(user__in=self.accounts).count():
                    found[str(model._meta.verbose_name_plural)] = count
        return found
