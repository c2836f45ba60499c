"""The content of the live site comes here, or what is here goes there: fab pull, fab push.

In backups/NAME/content/ are: blobs/, which are on their way; before/, what was here before; and
bases/, the files in which content came or went, by which is seen what has changed there since. With
a site, an ID or a domain, that site alone is meant; its rows may get other numbers there, and then
they come back.
"""

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from invoke import Exit

from . import backup_keys, database, local, transport
from .config import PROJECT_ROOT, read_settings
from .host import Host
from .on_host import uploads
from .on_host.site import Refused
from .on_host.uploads import Placing, Upload
from .plans import agree
from .steps import step
from .terminal import ask, can_ask, plain
from .uploads import bring_here

KEPT = 10  # bases, and copies of what was here before


class Home:
    """The folder of this machine for the content of one environment."""

    def __init__(self, host: Host) -> None:
        self.folder = PROJECT_ROOT / backup_keys.folder(host) / "content"
        self.blobs, self.bases = self.folder / "blobs", self.folder / "bases"
        self.before = self.folder / "before" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        for folder in (self.blobs, self.bases, self.before.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def prune(self) -> None:
        """Remove what was on its way, and what is older than the last KEPT."""
        shutil.rmtree(self.blobs)
        for folder in (self.bases, self.before.parent):
            found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
            for path in found[:-KEPT]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


# From the server


def pull(host: Host, everything: bool, site: str = "") -> None:
    """Let the content of the live site take the place of what is here, which is kept."""
    refuse_both(everything, site)
    home, folders = Home(host), folders_of(host, everything)
    local.python()  # or it would be missed after all has come
    with step(host, "Content of the live site"):
        made = host.call("export_content", as_site=True, everything=everything, only=site)
        bring_here(host)
        there = host.call("content", as_site=True, everything=everything)
    package, *theirs = heard(
        host, [["transfer", "content.zip", made["bytes"], made["sha256"]], *there["files"]]
    )
    with step(host, "Uploads that are here"):
        wanted = differing(of_site(theirs, made), uploads.listed(folders))
    transport.fetch(host, "Bringing them here", [package, *wanted], home.blobs, everything)
    with step(host, "Putting them in place"):
        summary = put(home, package, wanted, folders, base_name(package, made))
    tell(summary["changes"], len(wanted))
    print(f"What was here is in {home.before.relative_to(PROJECT_ROOT)}")
    if not everything and not site:
        print("Accounts and what visitors have sent stay where they are: --everything has them too")


def refuse_both(everything: bool, site: str) -> None:
    if everything and site:
        raise Exit("--site is content alone: leave out --everything", 2)


def of_site(files: Iterable[Upload], made: Mapping[str, Any]) -> Iterator[Upload]:
    """Yield the files that go with what exportcontent has made: those of its site, if of one."""
    wanted = made.get("uploads") or {"folder": "", "files": []}
    for each in files:
        if each.path.startswith(wanted["folder"]) or each.path in wanted["files"]:
            yield each


def base_name(package: Upload, made: Mapping[str, Any]) -> str:
    return f"site-{made['site']['id']}.zip" if "site" in made else f"{package.sha256}.zip"


def folders_of(host: Host, everything: bool) -> dict[str, Path]:
    """Return the folders of uploads on this machine, a dict of Path by name."""
    settings = read_settings(host.config.project_app)
    found = {"media": Path(settings.MEDIA_ROOT)}
    return found | ({"private": Path(settings.FORMS_UPLOAD_ROOT)} if everything else {})


def heard(host: Host, files: Iterable[Any]) -> list[Upload]:
    """Return what the server says of its files; Exit where that would lead to others here."""
    try:
        return [uploads.checked(each) for each in files]
    except Refused as refused:
        raise Exit(f"{host.name}: {refused}", 1) from None


def differing(these: Iterable[Upload], those: Iterable[Upload]) -> list[Upload]:
    """Return which files are not the same at the other end."""
    there = {(each.folder, each.path): each.sha256 for each in those}
    return [each for each in these if there.get((each.folder, each.path)) != each.sha256]


def put(
    home: Home, package: Upload, files: Iterable[Upload], folders: Mapping[str, Path], base: str
) -> dict[str, Any]:
    """Bring content and uploads in, all or nothing; return what importcontent says.

    `base` is the name under which the package is kept.
    """
    home.before.mkdir(mode=0o700)
    placing = Placing(home.blobs, folders, kept=home.before)
    content = str(home.blobs / package.sha256)
    try:
        placing.add(files)
        kept = f"--keep={home.before / 'database'}"
        summary = local.manage("importcontent", content, "--pulled", kept)
    except Refused as refused:
        placing.undo()
        raise Exit(f"On this machine: {refused}", 1) from None
    except BaseException:
        placing.undo()
        raise
    placing.replace()
    shutil.move(content, home.bases / base)
    home.prune()
    return summary


# To the server


def offer(host: Host) -> None:
    """Ask whether what is here is to go live too, where a site is new and something is here."""
    try:
        made = local.manage("exportcontent", str(Home(host).folder / "content.zip"))
    except Exit:  # there is no database here, or no Python that could read it
        return
    if not any(made["rows"].values()):
        return
    if not can_ask():
        print(host.config.typed("What was built on this machine is not live yet: type fab push"))
        return
    question = "Put the content and uploads of this machine live too (yes/no)?"
    if ask(question, Exit(host.config.typed("Later that is fab push"), 2)) == "yes":
        push(host, everything=False, yes=True)


def push(host: Host, everything: bool, yes: bool, site: str = "") -> None:
    """Let what is here take the place of the content of the live site, once that is agreed to."""
    refuse_both(everything, site)
    home = Home(host)
    with step(host, "Content of this machine"):
        path = home.folder / "content.zip"
        options = [f"--bases={home.bases}", *["--everything"] * everything]
        options += [f"--only={site}"] if site else []
        here = local.manage("exportcontent", str(path), *options)
        bring_here(host)
        there = host.call("content", as_site=True, everything=everything)
        folders = folders_of(host, everything)
        theirs = heard(host, there["files"])
        wanted = differing(of_site(uploads.listed(folders), here), theirs)
    package = Upload("transfer", path.name, here["bytes"], here["sha256"])
    transport.send(host, "Sending it", [(path, package)], there["staged"])
    with step(host, "Comparing it with what is live"):
        summary = host.call("look_at_content", as_site=True, sha256=package.sha256)
    if not summary["changes"] and not wanted:
        print("All of it is live already.")
        return note_live(home, path, package, here)
    agree_to_loss(host, summary, wanted, theirs, everything, yes)
    files = [(folders[each.folder] / each.path, each) for each in wanted]
    transport.send(host, "Sending the uploads", files, there["staged"])
    database.backup(host, "push")
    with step(host, "Putting it live"):
        given = {"sha256": package.sha256, "digest": summary["digest"]}
        host.call("bring_content", as_site=True, files=wanted, **given)
    note_live(home, path, package, here)
    if summary.get("numbers"):
        print(f"    New rows that have other numbers there: {summary['numbers']}; they come back")
        pull(host, False, site)


def note_live(home: Home, path: Path, package: Upload, made: Mapping[str, Any]) -> None:
    """Note what is live now: by this is seen what changes there from now on."""
    base = home.bases / base_name(package, made)
    path.rename(base)
    if "site" not in made:
        local.manage("importcontent", str(base), "--pushed")
    home.prune()


def agree_to_loss(
    host: Host,
    summary: Mapping[str, Any],
    wanted: Sequence[Upload],
    theirs: Iterable[Upload],
    everything: bool,
    yes: bool,
) -> None:
    """Say what would change and what would be lost; Exit unless that is agreed to."""
    if summary["refusal"]:
        raise Exit(f"{host.name}: nothing was changed: {summary['refusal']}", 1)
    tell(summary["changes"], len(wanted))
    there = {(each.folder, each.path) for each in theirs}
    lost = summary["newer"] + [
        f"upload: {each.path} (changed)" for each in wanted if (each.folder, each.path) in there
    ]
    if lost:
        print("On the server, and not in what you have pulled:")
        print(*(f"    {plain(line)}" for line in lost), sep="\n")
    question = "Put what is here in the place of " + ("these" if lost else "what is live")
    if everything:
        question += ", with all accounts and what visitors have sent"
    agree(question, yes)


def tell(changes: Mapping[str, dict[str, int]], files: int) -> None:
    """Print what changes, a line a table."""
    for label, counts in changes.items():
        told = [f"{count} {what}" for what, count in counts.items() if count]
        print(f"    {label}: {', '.join(told)}")
    if files:
        print(f"    uploads: {files}")
