"""Reading exports: files and feeds, their XML, addresses and dates as they are written there."""

import gzip
import re
import zlib
from base64 import b64decode
from binascii import Error
from codecs import BOM_UTF8
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.entities import name2codepoint
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import webencodings
from django.core.management.base import CommandError
from django.utils.encoding import iri_to_uri
from django.utils.timezone import make_aware

SECONDS = 30  # that a server may take to answer
DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["'][^>]*>""")
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
# Encodings that have a byte for a character, and the one that .NET names whatever it writes.
DOUBTED = ("iso-8859-", "windows-", "utf-16")
TAG = re.compile(r"<[a-z][^>]*>", re.I)
REFERENCE = re.compile(r"""(\s(?:src|href|poster)\s*=\s*)(["'])(.*?)\2""", re.I | re.S)
XML = ("amp", "apos", "gt", "lt", "quot")
# What some write for want of a date: the first and the last that .NET has, and the year 0 of SQL,
# which WordPress makes -1 of.
NO_DATE = re.compile(r"(?:^|\s)(?:-?000[01]|9999)(?:-\d\d-\d\d|\s+\d\d:)")


def read(source):
    """Return the bytes of a file, or of an http or https address."""
    if urlsplit(source).scheme in ("http", "https"):
        headers = {"User-Agent": "Mezzanine"}  # some refuse Python's own
        request = Request(source, headers=headers)  # noqa: S310 - http(s), see above
        try:
            with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
                return answer.read()
        except (OSError, HTTPException, ValueError) as error:
            raise CommandError(f"{source} cannot be read: {error}") from None
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as error:
        raise CommandError(f"{source} cannot be read: {error}") from None


def read_xml(source):
    """Return the root of an XML document; entities of HTML and control characters are forgiven."""
    try:
        data = in_unicode(unpacked(source, read(source)).lstrip())
        if b"\0" not in data:  # as in UTF-16
            data = ENTITY.sub(number_of, CONTROL.sub(b"", data))
        return ElementTree.fromstring(data)  # noqa: S314 - Expat limits what entities grow to
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise CommandError(f"{source} is not XML: {error}") from None


def unpacked(source, data):
    """Return what is in a gzip file, or the bytes as they are."""
    if data.startswith(b"PK\x03\x04"):
        raise CommandError(f"{source} is a zip file. Unpack it, and name the export in it.")
    try:
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (EOFError, OSError, zlib.error) as error:
        raise CommandError(f"{source} cannot be unpacked: {error}") from None


def in_unicode(data):
    """Return a document, bytes, in UTF-8 or UTF-16, from the encoding that it names.

    As browsers understand the names: in Latin-1 there are the quotation marks of Windows. Expat
    knows no encoding that has several bytes for a character, such as GBK and Shift_JIS. What is
    UTF-8 and says Latin-1 is UTF-8: hardly any text is both.
    """
    data = data.removeprefix(BOM_UTF8)
    declared = DECLARED.match(data)  # not where it is in UTF-16
    encoding = declared and webencodings.lookup(declared[1].decode())
    if not encoding or encoding.name == "utf-8":
        return data
    data = data[declared.end() :]
    if encoding.name.startswith(DOUBTED) and is_utf_8(data):
        return data
    return webencodings.decode(data, encoding, "strict")[0].encode()


def is_utf_8(data):
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def number_of(match):
    """Return what XML knows of an entity of HTML: its number. The five of XML remain."""
    name = match[1].decode()
    known = name in name2codepoint and name not in XML
    return f"&#{name2codepoint[name]};".encode() if known else match[0]


def of_base64(value, name):
    """Return the text that is written in base64; name says in an error what it is."""
    try:
        return b64decode("".join(value.split()), validate=True).decode()
    except (Error, UnicodeDecodeError) as error:
        raise CommandError(f"A {name} of the file is not base64: {error}") from None


def text(node, name):
    """Return the text of a child, without white space around it, or ""."""
    return (node.findtext(name) or "").strip()


def absolute(html, base):
    """Return HTML whose relative addresses are absolute: those of the page at that address."""
    base = iri_to_uri(base).replace("'", "%27")
    if not base.startswith(("http://", "https://")):
        return html
    return TAG.sub(lambda tag: REFERENCE.sub(lambda each: joined(each, base), tag[0]), html)


def joined(match, base):
    start, quote, address = match.groups()
    try:
        is_relative = address and not address.startswith("#") and not urlsplit(address).scheme
        return f"{start}{quote}{urljoin(base, address)}{quote}" if is_relative else match[0]
    except ValueError:  # what is no address at all
        return match[0]


def date(value, zone=None):
    """Return an aware datetime of what RSS, Atom or a database writes, or None where there is none.

    Without a time zone it is of that one, or of the site's.
    """
    found, value = None, (value or "").strip()
    if NO_DATE.search(value):
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = found or parse(value)
        except (TypeError, ValueError, IndexError, OverflowError):
            continue  # 0000-00-00 00:00:00, too
    return make_aware(found, zone) if found and found.tzinfo is None else found


def utc(value):
    return date(value, UTC)
