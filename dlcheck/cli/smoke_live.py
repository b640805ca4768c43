"""What a smoke run is at, on standard error: a table of devices and tasks on a terminal, elsewhere a line a device."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dlcheck.cli import console
from dlcheck.cli.progress import SLOW
from dlcheck.data.smoke_tasks import TASKS
from dlcheck.model.smoke import SmokeMoment, SmokeStep
from dlcheck.model.style import Style

if TYPE_CHECKING:
    from typing_extensions import Self

SHORT = {
    "exact-integers": "int",
    "perceptron-gates": "gate",
    "mlp-classification": "class",
    "mlp-regression": "regr",
    "cnn-images": "cnn",
    "rnn-sequences": "rnn",
    "lstm-sequences": "lstm",
    "bidirectional-lstm": "bi",
    "encoder-decoder": "e-d",
    "transformer": "trans",
    "word-embedding": "word",
}
"""Headings; a task that is not here is shown by its first letters."""

SIGNS = {"": ("·", "."), "at it": (">", ">"), "trained": ("■", "#"), "raised": ("✗", "x")}
"""Of a task on a device. What was trained is judged when all is done: no sign says yet that it is right."""

PAINT = {"": "dim", "at it": "cyan", "trained": "green", "raised": "red"}
WORDS = 26
"""Columns that the words beside a row take at least."""


@dataclass
class Row:
    """A framework on a device, from its beginning to its end."""

    tasks: dict[str, str] = field(default_factory=dict)
    """How each task of this round stands: a key of SIGNS."""
    task: str = ""
    round: str = ""
    trained: int = 0
    begun: float = 0.0
    since: float = 0.0
    """When what it is at now began."""
    over: str = ""
    """Words for its end; empty until then."""

    def words(self, now: float) -> str:
        """What it is at, and since when where that is long."""
        if self.over:
            return self.over
        doing = self.task or "importing it"
        if now - self.since > SLOW:
            return f"{doing} takes long ({now - self.since:.0f} s)"
        return f"{doing}, {self.round}" if self.round not in ("", "float32") else doing


class Live:
    """Shows the steps of a run. Rich is imported on a terminal alone."""

    def __init__(self, tasks: Sequence[str] = (), *, quiet: bool = False) -> None:
        self._tasks = [name for name in TASKS if name in tasks] or list(TASKS)
        self._quiet = quiet
        self._rows: dict[tuple[str, str], Row] = {}
        self._screen: Any = None
        self._style = console.style(sys.stderr)

    def __enter__(self) -> Self:
        if console.shows_progress():
            from rich.console import Console
            from rich.live import Live as Screen
            from rich.text import Text

            # Colours are painted here, by dlcheck's own rules.
            screen = Console(stderr=True, highlight=False)

            def shown() -> Text:
                return Text.from_ansi("\n".join(self._lines(screen.size)), no_wrap=True, overflow="crop")

            self._screen = Screen(get_renderable=shown, console=screen, transient=True, refresh_per_second=5)
            self._screen.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._screen is not None:
            self._screen.stop()

    def show(self, step: SmokeStep) -> None:
        """Take in where a worker is."""
        row = note(self._rows, step, time.monotonic())
        if self._screen is None and row is not None and row.over and not self._quiet:
            name = f"{step.framework} {step.device}".strip()
            console.say(f"{name}: {row.over}")

    def _lines(self, size: Any) -> list[str]:
        style = replace(self._style, width=min(self._style.width, size.width))
        # The thread that refreshes the screen reads what the main thread writes: a copy.
        return drawn(dict(self._rows), self._tasks, style, time.monotonic(), height=size.height - 2)


def note(rows: dict[tuple[str, str], Row], step: SmokeStep, now: float) -> Row | None:
    """Bring the rows to the next step; the row that it was about, None where it was about none."""
    if step.moment is SmokeMoment.OVER:
        rows.pop((step.framework, ""), None)
        return None
    if step.device:
        rows.pop((step.framework, ""), None)
    row = rows.setdefault((step.framework, step.device), Row(begun=now, since=now))
    if step.moment is SmokeMoment.OPENED:
        row.task = "opening the device"
    if step.moment is SmokeMoment.TASK:
        if step.round != row.round:
            row.tasks, row.round = {}, step.round
        row.tasks[step.task], row.task, row.since = "at it", step.task, now
    if step.moment in (SmokeMoment.TRAINED, SmokeMoment.RAISED):
        row.tasks[step.task] = step.moment.value
        row.trained += step.moment is SmokeMoment.TRAINED
    if step.moment is SmokeMoment.DONE:
        row.over = f"{row.trained} trained in {now - row.begun:.1f} s" if row.trained else "done"
    if step.moment is SmokeMoment.DIED:
        row.over = f"died in {row.task}" if row.task else "died"
        row.tasks.update({task: "raised" for task, state in row.tasks.items() if state == "at it"})
    return row


def drawn(
    rows: dict[tuple[str, str], Row], tasks: Sequence[str], style: Style, now: float, *, height: int
) -> list[str]:
    """The lines of the table: a row a device, a column a task; without headings where the screen is narrow.

    Where it is low, the devices that are done with make room.
    """
    shown = sorted(rows.items(), key=lambda one: bool(one[1].over))[: max(1, height - 1)]
    names = {key: " ".join(key).strip() for key, _ in shown}
    left = max([*map(len, names.values()), 0]) + 2
    heads = [SHORT.get(task, task[:4]) for task in tasks]
    wide = left + sum(len(head) + 1 for head in heads) + WORDS < style.width
    lines = [style.paint(" " * left + " ".join(heads), "dim")] if wide and shown else []
    for key, row in [(key, row) for key, row in rows.items() if key in names]:
        states = [row.tasks.get(task, "") for task in tasks]
        marks = [style.paint(SIGNS[state][0 if style.unicode else 1], PAINT[state]) for state in states]
        if wide:
            marks = [mark + " " * len(head) for mark, head in zip(marks, heads, strict=True)]
        used = left + (sum(len(head) + 1 for head in heads) if wide else len(marks) + 1)
        words = row.words(now)[: max(0, style.width - used - 2)]
        long = not row.over and now - row.since > SLOW
        lines.append(f"{names[key]:{left}}{''.join(marks)} {style.paint(words, 'yellow' if long else 'dim')}".rstrip())
    return [style.plain(line) for line in lines]
