"""Uploads in a bucket of object storage, over django-storages.

Their addresses are below MEDIA_URL all the same: NGINX asks the bucket (deploy/README.md). So pages
that name an upload stay as they are when uploads move to a bucket, and back.
"""

import os
import time
from functools import wraps

from boto3.s3.transfer import TransferConfig
from botocore import exceptions
from botocore.config import Config
from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

# Pages wait for it, and gunicorn ends a worker that waits too long.
PATIENT = {"connect_timeout": 3, "read_timeout": 10, "retries": {"total_max_attempts": 2}}
# A page asks for many pictures: after one that was not answered, the others wait for nothing.
PAUSE = 10  # seconds
SILENT = (exceptions.ConnectionError, exceptions.HTTPClientError)
# As NGINX and rclone have it: among them may be a CA of your own.
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class BucketAway(ConnectionError):
    """The bucket does not answer, or refuses what it is asked; a file that is not there is none."""


def telling(method):
    @wraps(method)
    def tell(bucket, *args, **kwargs):
        if time.monotonic() < bucket.asked_again_at:
            raise BucketAway(f"{bucket.endpoint_url} did not answer a moment ago")
        try:
            return method(bucket, *args, **kwargs)
        except (exceptions.BotoCoreError, exceptions.ClientError) as error:
            if isinstance(error, SILENT):
                Bucket.asked_again_at = time.monotonic() + PAUSE
            raise BucketAway(str(error)) from error

    return tell


class Bucket(S3Storage):
    """A folder of a bucket: `bucket`, `endpoint`, `region` and `location` are its OPTIONS."""

    asked_again_at = 0.0  # by time.monotonic

    def __init__(self, *, bucket, endpoint, region, location):
        super().__init__(
            bucket_name=bucket,
            endpoint_url=endpoint,
            region_name=region,
            location=location,
            file_overwrite=False,
            verify=CERTIFICATES if os.path.exists(CERTIFICATES) else None,
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
