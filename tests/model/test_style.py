from __future__ import annotations

import pytest

from dlcheck.model.style import Style


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("  MORE   dlcheck explain driver-too-old", "  MORE   .venv/bin/dlcheck explain driver-too-old"),
        ("\x1b[36mdlcheck install torch\x1b[0m", "\x1b[36m.venv/bin/dlcheck install torch\x1b[0m"),
        ("dlcheck 0.1.0 · smoke", "dlcheck 0.1.0 · smoke"),
        ("Updates dlcheck itself", "Updates dlcheck itself"),
        ("dlcheck doctored", "dlcheck doctored"),
        ("/opt/bin/dlcheck doctor", "/opt/bin/dlcheck doctor"),
        ("python -m dlcheck smoke", "python -m dlcheck smoke"),
        ("%dlcheck doctor, then dlcheck smoke", "%dlcheck doctor, then .venv/bin/dlcheck smoke"),
    ],
)
def test_commands_are_shown_as_they_are_started(text: str, typed: str):
    assert Style(unicode=True, program=".venv/bin/dlcheck").plain(text) == typed
    assert Style(unicode=True).plain(text) == text
