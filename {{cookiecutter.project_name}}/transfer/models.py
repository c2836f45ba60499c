"""Where the content of this database was brought from."""

from django.db import models


class Origin(models.Model):
    """One row, in a database whose content was pulled from a server."""

    base = models.CharField(max_length=64)  # the SHA-256 of the file that it came in
    everything = models.BooleanField()  # False: without accounts and the data of visitors
    pulled_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return self.base

    @classmethod
    def current(cls):
        """Return the Origin, or None where nothing was pulled."""
        return cls.objects.first()

    @classmethod
    def note(cls, base, everything=None):
        """Note a base; unless `everything` is said, that is what it was, at first True."""
        origin = cls.current() or cls(id=1, everything=True)
        origin.base = base
        origin.everything = origin.everything if everything is None else everything
        origin.save()
