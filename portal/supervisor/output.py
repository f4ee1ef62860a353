"""The supervisor's own lines and its children's, one column of names in front, coloured on a terminal."""

import os
import sys

COLOURS = {"portal": 36, "broker": 35, "web": 32, "worker": 33, "beat": 34, "sftp": 31}
NAME_WIDTH = 7


class Output:
    """Write lines to standard output with the name of the process they come from."""

    def __init__(self) -> None:
        """Colour only for people: on a terminal, unless NO_COLOR is set."""
        self.has_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """Write one line of the process `name`."""
        prefix = f"{name:<{NAME_WIDTH}}|"
        if self.has_colour:
            prefix = f"\033[{COLOURS.get(name, 37)}m{prefix}\033[0m"
        self.plain(f"{prefix} {text}")

    def plain(self, text: str) -> None:
        """Write text as it is; a reader that has gone away is no reason to stop the portal."""
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            self.line = self.plain = lambda *_: None  # type: ignore[method-assign,assignment]
