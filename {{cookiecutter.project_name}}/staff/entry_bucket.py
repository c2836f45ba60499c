"""Files that visitors send by forms, where the uploads are in object storage."""

from media_library.bucket import Bucket

from .entry_files import SafeNames


class EntryBucket(SafeNames, Bucket):
    """The folder of a bucket to which no address of the site leads."""

    def url(self, name, **options):
        raise NotImplementedError("Staff get these files by the admin alone.")
