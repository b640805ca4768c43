"""The picture of a smoke run as a file: SVG by dlcheck itself, PNG by the Matplotlib of the checked environment."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile

from dlcheck.host import temporary
from dlcheck.host.interpreter import Question
from dlcheck.model.codec import encode
from dlcheck.model.errors import DlcheckError
from dlcheck.model.report import Target
from dlcheck.model.smoke import SmokeReport
from dlcheck.renderers.smoke_panels import picture

SECONDS = 120.0
"""The first start of Matplotlib looks at every font of the machine."""


def refuse_impossible(target: Target, path: str) -> None:
    """Raise DlcheckError, before anything is trained, where no picture could be drawn afterwards."""
    if not path or path.endswith(".svg"):
        return
    if not path.endswith(".png"):
        raise DlcheckError(f"--plot {path}: only .svg and .png can be drawn", "Give a name that ends in one of them.")
    fields = Question(target.python, "plot_matplotlib", timeout=SECONDS).answer().fields
    if fields.get("result") != "found":
        raise DlcheckError(
            f"--plot {path}: a PNG is drawn by Matplotlib, which {target.python} does not have",
            "Give a name that ends in .svg, which needs nothing, or install matplotlib there.",
        )


def draw_png(target: Target, report: SmokeReport, path: str) -> None:
    """Write the PNG, whole or not at all. Raises DlcheckError where that fails."""
    place = os.path.abspath(path)
    with contextlib.ExitStack() as after:
        try:
            folder = after.enter_context(temporary.Folder())
            data = os.path.join(folder, "picture.json")
            with open(data, "w", encoding="utf-8") as stream:
                json.dump(encode(picture(report)), stream)
            descriptor, drawn = tempfile.mkstemp(prefix=".dlcheck-", suffix=".png", dir=os.path.dirname(place))
            os.close(descriptor)
            after.callback(_remove, drawn)
            _draw(target, {"picture": data, "path": drawn}, path)
            os.chmod(drawn, 0o644)
            os.replace(drawn, place)
        except OSError as error:
            raise DlcheckError(f"cannot write {path}: {error.strerror or error}") from error


def _draw(target: Target, options: dict[str, object], path: str) -> None:
    answer = Question(target.python, "plot_matplotlib", options, timeout=SECONDS).answer()
    if answer.stage != "done":
        words = answer.fields.get("error") or answer.done.output.strip()[-300:]
        raise DlcheckError(f"cannot draw {path}: {words or 'no answer'}", "A name that ends in .svg needs nothing.")


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
