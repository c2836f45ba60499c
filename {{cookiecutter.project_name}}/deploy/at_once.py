"""What is done on all hosts at the same time, with a thread for each."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from .host import Host
from .steps import spinner
from .work import Work

Made = TypeVar("Made")


def on_all(
    hosts: Sequence[Host], title: str, do: Callable[[Host], Made], may_cut: bool = True
) -> dict[str, Made]:
    """Do something on each host, all at once; return what came of it, by the name of a host.

    Where it fails on one, it is cut off on the others, if that may be; with Ctrl-C, on all. The
    failure is raised when all have ended. `do` asks nobody anything, and prints by `step` and
    `tell` alone. A terminal sees the title, and on how many hosts it is done.

    With -v it is done on one after the other: what they print would be mixed up.
    """
    for host in hosts:
        host.sudo_prefix()  # which may ask for a password
    if len(hosts) < 2 or hosts[0].verbose:
        return {host.name: do(host) for host in hosts}
    for host in hosts:
        host.work = Work()
    try:
        made = do_at_once(hosts, title, do, may_cut)
    finally:
        for host in hosts:
            host.work = None
    return {host.name: future.result() for host, future in zip(hosts, made, strict=True)}


def do_at_once(
    hosts: Sequence[Host], title: str, do: Callable[[Host], Made], may_cut: bool
) -> list[Future[Made]]:
    with ThreadPoolExecutor(len(hosts)) as pool:  # its end waits for all
        try:
            made = [pool.submit(do, host) for host in hosts]
            with spinner(title, Done(made)):
                raise_first(made)
        except BaseException as failure:
            is_by_hand = not isinstance(failure, Exception)
            for host in hosts:
                if host.work and (may_cut or is_by_hand):
                    host.work.cut()
            raise
    return made


def raise_first(made: Sequence[Future[Made]]) -> None:
    """Wait until all has ended well, or raise the first failure."""
    pending = set(made)
    while pending:
        done, pending = wait(pending, timeout=1, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


class Done:
    """On how many hosts something is done, as a str: 3 of 10 hosts."""

    def __init__(self, made: Sequence[Future[Made]]) -> None:
        self.made = made

    def __str__(self) -> str:
        return f"{sum(each.done() for each in self.made)} of {len(self.made)} hosts"
