"""How a download and the steps after it go on, on standard error: bars on a terminal, a line a step elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcheck.cli import console

if TYPE_CHECKING:
    from typing_extensions import Self

    from dlcheck.model.plan import Artifact


class Progress:
    """The reporter of an installation (installation.work.Reporter). Rich is imported on a terminal alone."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        self._sizes = {one.name: one.size or 0 for one in artifacts}
        self._bars: Any = None
        self._all: Any = None
        self._files: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if console.shows_progress():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
            from rich.progress import Progress as Bars

            screen = Console(stderr=True, no_color=console.settings["color"] == "never" or None)
            columns = (TextColumn("{task.description:<28.28}"), BarColumn(20), DownloadColumn(), TransferSpeedColumn())
            self._bars = Bars(*columns, TimeRemainingColumn(compact=True), console=screen, transient=True)
            self._all = self._bars.add_task("all packages", total=sum(self._sizes.values()), visible=False)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def step(self, words: str) -> None:
        """A step begins."""
        if self._bars is None:
            console.say(words)
        else:
            self._bars.print(words)

    def fetched(self, name: str, size: int) -> None:
        """So many more bytes of a package are here."""
        if self._bars is None:
            return
        with self._lock:
            if name not in self._files:
                self._files[name] = self._bars.add_task(name, total=self._sizes.get(name) or None)
            self._bars.update(self._all, advance=size, visible=True)
            self._bars.update(self._files[name], advance=size)
            if self._bars.tasks[self._bars.task_ids.index(self._files[name])].finished:
                self._bars.update(self._files[name], visible=False)
