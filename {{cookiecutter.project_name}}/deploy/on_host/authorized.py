"""Who may log in by key: the lines of authorized_keys that fab secure has put there, and those of
others, which are never changed.

Each of ours ends with a mark, so that the file itself is the record of what is ours in it:

    ssh-ed25519 AAAA... alice@laptop (deploy/keys/alice.pub of garden)
    ssh-ed25519 AAAA... bob@desk (fab secure of garden)

The second was put there to let the user of deploys in at all. It becomes one of the first kind when
a file in deploy/keys/ has its key, and stays until then.
"""

import dataclasses
import pwd
import re

from . import key_files, public_keys
from .key_files import locked
from .public_keys import Key
from .site import Refused, Site

MARK = re.compile(r" ?\((?:deploy/keys/(?P<file>[^()]+)|fab secure) of (?P<name>[^() ]+)\)\s*$")


def admit(site: Site, user: str, login: str, first: list[str]) -> dict[str, list[str]]:
    """Let a user in with the keys of whoever makes it; return "changes", lines of what was added.

    `first` are lines of public keys; those that `login` may log in with are added to them.
    """
    others = key_files.lines(login)
    # A key with a command= cannot log in; a provider's root often has one, to say who can.
    found = [key for key in map(public_keys.find, [*first, *others]) if key]
    found = [key for key in found if "command=" not in key.options]
    with locked():
        lines = key_files.lines(user)
        there = {key.key for key in map(public_keys.find, lines) if key}
        new = {key.key: key for key in found if key.key not in there}
        if new:
            key_files.write(
                user, [*lines, *(line(key, f"fab secure of {site.name}") for key in new.values())]
            )
    return {"changes": [f"key added: {described(key)}" for key in new.values()]}


def authorize(site: Site, user: str, keys: dict[str, str], using: str) -> dict[str, list[str]]:
    """Let the keys of deploy/keys in, and those no longer whose file is gone; return "changes".

    `keys` are lines of public keys by the names of their files. `using` is the key of who asks, in
    base64, or empty: it is never taken away. Other users that had such keys, of an earlier
    SSH_USER, lose those whose file is gone.
    """
    wanted = {key.key: (file, key) for file, key in read(keys).items()}
    changes = []
    with locked():
        for each in dict.fromkeys([user, *users_with_keys(site)]):
            before = key_files.lines(each)
            after, told = merged(site.name, before, wanted if each == user else {}, wanted, using)
            if after != before:
                key_files.write(each, after)
            changes += told if each == user else [f"{words}, as {each}" for words in told]
    return {"changes": changes}


def read(keys: dict[str, str]) -> dict[str, Key]:
    return {file: public_keys.checked(text) for file, text in keys.items()}


def merged(
    name: str,
    before: list[str],
    added: dict[str, tuple[str, Key]],
    wanted: dict[str, tuple[str, Key]],
    using: str,
) -> tuple[list[str], list[str]]:
    """Return the lines as they are to be, and what changes, in words.

    `wanted` are the file and Key of each key, in base64, that may stay; `added` those that are to
    be there. Lines of others stay as they are, and where they are.
    """
    after, told, seen = [], [], set()
    for text in before:
        key, mark = public_keys.find(text), MARK.search(text)
        if not key or not mark or mark["name"] != name:
            after.append(text)
        elif key.key in wanted:
            file, new = wanted[key.key]
            if key.key not in seen:  # its options were added by hand: a file has none
                new = dataclasses.replace(new, options=key.options)
                after.append(line(new, f"deploy/keys/{file} of {name}"))
            seen.add(key.key)
        elif not mark["file"]:
            after.append(text)
        elif key.key == using:
            after.append(text)
            told.append(f"the key of {mark['file']} stays: it is the one that you use now")
        else:
            told.append(f"key removed: {mark['file']}")
    there = [key for key in map(public_keys.find, after) if key]
    for file, new in added.values():
        if new.key not in seen:
            after.append(line(new, f"deploy/keys/{file} of {name}"))
            told.append(f"key added: {file}")
    gone = {key.key for key in map(public_keys.find, set(before) - set(after)) if key}
    told += [
        f"that key is there by other means as well, and stays: {described(key)}"
        for key in there
        if key.key in gone - wanted.keys()
    ]
    return after, told


def line(key: Key, mark: str) -> str:
    comment = MARK.sub("", key.comment)
    return " ".join(filter(None, [key.options, key.type, key.key, comment, f"({mark})"]))


def described(key: Key) -> str:
    """Return a key in words: its comment, of which a terminal can show all, and its fingerprint."""
    comment = "".join(letter if letter.isprintable() else "?" for letter in key.comment)
    return f"{comment} {key.fingerprint}".strip()


def users_with_keys(site: Site) -> list[str]:
    """Return the users of the server whose file of keys has some of ours."""
    found = []
    for account in pwd.getpwall():
        if 0 < account.pw_uid < 1000:  # of Debian: none of them logs in by a file of ours
            continue
        try:
            marks = [MARK.search(text) for text in key_files.lines(account.pw_name)]
        except Refused:
            continue  # we have never written there
        if any(mark and mark["name"] == site.name for mark in marks):
            found.append(account.pw_name)
    return found


def deployers_as_root(site: Site) -> dict[str, list[str]]:
    """Return "files", those of deploy/keys of any project whose keys let in as root, with the name.

    None where sshd does not let root in at all.
    """
    if not key_files.root_may_log_in():
        return {"files": []}
    marks = [MARK.search(text) for text in key_files.lines("root")]
    found = [f"{mark['file']} of {mark['name']}" for mark in marks if mark and mark["file"]]
    return {"files": found}


# Showing


def shown(site: Site, user: str, keys: dict[str, str]) -> tuple[str, list[str]]:
    """Return whose keys let in as a user, in words, and in words what differs from deploy/keys."""
    wanted = {key.key: file for file, key in read(keys).items()}
    files, others, stale = [], [], []
    for text in key_files.all_lines(user):
        key, mark = public_keys.find(text), MARK.search(text)
        if not key:
            continue
        file = mark["file"] if mark and mark["name"] == site.name else ""
        if key.key in wanted:
            files.append(wanted[key.key])
        elif file:
            stale.append(f"the file {file} is gone, and its key still lets in")
        else:
            key.comment = MARK.sub("", key.comment)
            others.append(described(key))
    missing = [f"{file} may not log in yet" for file in keys if file not in files]
    words = ", ".join(dict.fromkeys(files))
    if others:
        words += ("; " if words else "") + "not in deploy/keys: " + ", ".join(dict.fromkeys(others))
    return f"as {user}: {words or 'none'}", [*dict.fromkeys(stale), *missing]
