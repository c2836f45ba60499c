"""Uploads in a bucket of object storage, over django-storages.

Their addresses are below MEDIA_URL all the same: NGINX asks the bucket (deploy/README.md). So pages
that name an upload stay as they are when uploads move to a bucket, and back.
"""

from functools import wraps

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

# Pages wait for it, and gunicorn ends a worker that waits too long.
PATIENT = {"connect_timeout": 3, "read_timeout": 10, "retries": {"total_max_attempts": 2}}


class BucketAway(ConnectionError):
    """The bucket does not answer, or refuses what it is asked; a file that is not there is none."""


def telling(method):
    @wraps(method)
    def tell(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except (BotoCoreError, ClientError) as error:
            raise BucketAway(str(error)) from error

    return tell


class Bucket(S3Storage):
    """A folder of a bucket: `bucket`, `endpoint`, `region` and `location` are its OPTIONS."""

    def __init__(self, *, bucket, endpoint, region, location):
        super().__init__(
            bucket_name=bucket,
            endpoint_url=endpoint,
            region_name=region,
            location=location,
            file_overwrite=False,
            # Not all services know the checksums that boto3 would send.
            client_config=Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **PATIENT,
            ),
            # In one piece, so that its ETag is an MD5, by which copies are compared.
            transfer_config=TransferConfig(multipart_threshold=2**30),
        )

    def url(self, name, **options):
        return settings.MEDIA_URL + filepath_to_uri(name).lstrip("/")

    _open = telling(S3Storage._open)
    _save = telling(S3Storage._save)
    delete = telling(S3Storage.delete)
    exists = telling(S3Storage.exists)
    get_modified_time = telling(S3Storage.get_modified_time)
    listdir = telling(S3Storage.listdir)
    size = telling(S3Storage.size)
