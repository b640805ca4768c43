"""A part of the machine that is missing is never passed over in silence."""

from __future__ import annotations

import pytest

from tests.faults import needs


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch):
    """A machine that lacks what it is told to."""

    def lack(*parts: str, ci: bool) -> None:
        monkeypatch.setattr(needs, "have", lambda need: need not in parts)
        monkeypatch.setattr(needs.shutil, "which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setenv("CI", "true") if ci else monkeypatch.delenv("CI", raising=False)

    return lack


def test_nothing_is_missing(lacking):
    lacking(ci=True)
    needs.require("cc", "uv", "mounts")


@pytest.mark.parametrize("part", ["cc", "uv", "openssl", "python 3.8"])
def test_a_program_that_is_missing_fails_in_ci_and_is_skipped_elsewhere(lacking, part: str):
    lacking(part, ci=True)
    with pytest.raises(pytest.fail.Exception, match=part):
        needs.require(part, "mounts")
    lacking(part, ci=False)
    with pytest.raises(pytest.skip.Exception, match=part):
        needs.require(part)


@pytest.mark.parametrize("part", sorted(needs.BY_KERNEL))
def test_what_a_kernel_refuses_is_told_as_such_even_in_ci(lacking, part: str):
    lacking(part, ci=True)
    with pytest.raises(pytest.skip.Exception, match="refused by the kernel"):
        needs.require(part)


def test_a_refusal_excuses_nothing_else(lacking):
    lacking("mounts", "cc", ci=True)
    with pytest.raises(pytest.fail.Exception, match="cc"):
        needs.require("mounts", "cc")
