"""What a thread does on one host while others are at work on the others: it can be cut off."""

from invoke import Exit
from paramiko import Channel


class CutOff(Exit):
    """The work was cut off, as it failed on another host or Ctrl-C was pressed."""


class Work:
    """What goes on on a host; Host notes each channel here that is opened for it."""

    def __init__(self) -> None:
        self._channels: list[Channel] = []
        self._is_cut = False

    def note(self, channel: Channel) -> None:
        """Note a channel; CutOff, with the channel closed, where no more is to begin."""
        self._channels.append(channel)
        if self._is_cut:  # looked at last, as `cut` sets it first: none is missed
            channel.close()
        self.check()

    def check(self) -> None:
        """CutOff where the work was cut off."""
        if self._is_cut:
            raise CutOff("cut off", 1)

    def cut(self) -> None:
        """End what waits for the host, from another thread, and let nothing more begin.

        What runs on the host is killed there when the lease ends.
        """
        self._is_cut = True
        for channel in tuple(self._channels):
            channel.close()
