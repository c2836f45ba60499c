"""What Django writes about an error, in a mail to ADMINS or on a page."""

from django.views.debug import SafeExceptionReporterFilter


class WithoutSettings(SafeExceptionReporterFilter):
    """List no settings: Django hides those alone whose names sound secret, such as API_KEY."""

    def get_safe_settings(self):
        return {}
