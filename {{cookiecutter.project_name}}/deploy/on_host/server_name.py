"""Host names as NGINX's server_name has them.

NGINX finds a name in a table whose places have server_names_hash_bucket_size bytes, by default as
many as a line of the processor's cache. With one name that does not fit it does not start. That
size is one for all servers of a host, and NGINX does not start either where it is said twice: so
what may be too long is written as a regular expression, which is in no table.
https://nginx.org/en/docs/http/server_names.html#optimization
"""

# Of 64 bytes, the least that Debian's processors have, less a pointer, its end, and the length.
LONGEST = 46


def written(name: str) -> str:
    """Return a host name in lower case as NGINX is to read it."""
    if len(name) <= LONGEST:
        return name
    return '"~^{}$"'.format(name.replace(".", r"\."))


def names_in(words: str) -> list[str]:
    """Return the host names of what stands between server_name and its semicolon."""
    return [name_of(word.strip("\"'")) for word in words.split()]


def name_of(word: str) -> str:
    """Return a name as it was before `written`; other regular expressions stay what they are."""
    if word.startswith("~^") and word.endswith("$"):
        return word[2:-1].replace(r"\.", ".")
    return word
