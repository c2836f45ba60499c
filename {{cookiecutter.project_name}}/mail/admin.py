"""What was sent in the admin, and what was not; nobody sees the text, which may have a secret link.

Staff see the mails of the site at hand.
"""

from django.conf import settings
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from mezzanine.utils.sites import current_site_id

from .models import QueuedMail, until


@admin.register(QueuedMail)
class QueuedMailAdmin(admin.ModelAdmin):
    list_display = ["created_at", "recipient", "subject", "state", "words", "attempts"]
    list_filter = ["state"]
    search_fields = ["recipient", "subject", "words"]
    actions = ["send_again"]
    fields = ["recipient", "sender", "subject", "state", "words", "attempts"]
    fields += ["created_at", "changed_at", "not_before", "until"]
    readonly_fields = fields

    def get_queryset(self, request):
        mails = super().get_queryset(request).filter(site_id=current_site_id()).defer("content")
        if request.user.is_superuser:
            return mails
        # Mails about errors are for ADMINS: their subjects have addresses of pages in them.
        return mails.exclude(sender=settings.SERVER_EMAIL)

    def lookup_allowed(self, lookup, value, request):
        """Do not let the text be guessed, letter by letter, by filters in an address."""
        hidden = lookup.partition("__")[0] == "content"
        return not hidden and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request):
        return False

    @admin.action(description=_("Send again"), permissions=["change"])
    def send_again(self, request, queryset):
        """Let what was not delivered wait for the next run; what was sent has no text any more."""
        undelivered = [*QueuedMail.UNDELIVERED, QueuedMail.WAITING]
        number = queryset.filter(state__in=undelivered).update(
            state=QueuedMail.WAITING, not_before=timezone.now(), until=until(), attempts=0
        )
        text = ngettext("%d e-mail is sent again.", "%d e-mails are sent again.", number)
        self.message_user(request, text % number)
