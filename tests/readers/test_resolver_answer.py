"""What resolvers say, in one line of our own words: texts of uv 0.13.9 and pip 26.3, made with broken requests."""

from __future__ import annotations

import pytest

from dlcheck.installers import uv
from dlcheck.model.sources import PackageSources
from dlcheck.readers.resolver_answer import OUR_PROJECT, read

WHY = "error: No solution found when resolving dependencies\n  cause: Because "
END = ", we can conclude that your requirements are unsatisfiable.\n"
FETCH = """error: Request failed after 3 retries in 11.7s
  cause: Failed to fetch: https://index.example/simple/numpy/
  cause: error sending request for url (https://index.example/simple/numpy/)
  cause: client error (Connect)
"""
PIP = "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (
            WHY + "nosuch was not found in the package registry and dlcheck-plan depends on nosuch" + END,
            "missing",
            "nosuch: no package source here has anything of that name",
        ),
        (
            WHY + "there is no version of numpy==9.9 and dlcheck-plan depends on numpy==9.9" + END,
            "missing",
            "numpy==9.9: the package sources have no such version",
        ),
        (
            WHY + "dlcheck-plan depends on numpy==1.0 and numpy>2" + END,
            "conflict",
            "numpy==1.0 and numpy>2 exclude each other",
        ),
        (
            WHY + "tensorflow==2.15.0 depends on numpy>=1.23.5,<2.0.0 and dlcheck-plan depends on numpy>2, we can "
            "conclude that your requirements and tensorflow==2.15.0 are incompatible.\n"
            "         And because dlcheck-plan depends on tensorflow==2.15.0" + END,
            "conflict",
            (
                "no versions go together: tensorflow==2.15.0 depends on numpy>=1.23.5,<2.0.0 and you ask for numpy>2; "
                "you ask for tensorflow==2.15.0"
            ),
        ),
        (
            WHY + "tensorflow==2.0.0 has no wheels with a matching Python ABI tag (e.g., `cp311`) and dlcheck-plan "
            "depends on tensorflow==2.0.0" + END,
            "wheels",
            "tensorflow==2.0.0 has no wheel for this Python",
        ),
        (
            WHY + "all versions of theano-pymc have no usable wheels and dlcheck-plan depends on theano-pymc" + END,
            "wheels",
            "theano-pymc has no wheels, only source code, which dlcheck does not build",
        ),
        (
            WHY + "zzz was not found in the cache and dlcheck-plan depends on zzz" + END,
            "missing",
            "zzz is not here, and nothing may be contacted (--offline)",
        ),
        (FETCH + "  cause: dns error\n  cause: failed to lookup", "dns", "numpy cannot be reached: the name is not"),
        (FETCH + "  cause: invalid peer certificate: UnknownIssuer", "tls", "its certificate is not accepted"),
        (FETCH + "  cause: tunnel error: failed to create underlying connection", "proxy", "the proxy does not let it"),
        (FETCH + "  cause: operation timed out", "timeout", "no answer in time"),
        (FETCH + "  cause: tcp connect error\n  cause: Connection refused", "tcp", "nothing answers there"),
        (
            "error: Failed to fetch: https://index.example/simple/x/\n  cause: HTTP status client error (403 Forbidden)",
            "http",
            "https://index.example/simple/x cannot be read: it answers 403",
        ),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement nosuch (from versions: none)\n"
                "ERROR: No matching distribution found for nosuch"
            ),
            "missing",
            "nosuch: no package source here has a wheel of that name for this Python",
        ),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement numpy==9 (from versions: 1.0, 2.0)\n"
                "ERROR: No matching distribution found for numpy==9"
            ),
            "missing",
            "numpy==9: the package sources have no such version for this Python",
        ),
        (
            PIP + "'NewConnectionError(Failed to establish a new connection: [Errno 111] Connection refused')'\n"
            "ERROR: No matching distribution found for x",
            "tcp",
            "the package source cannot be reached: nothing answers there",
        ),
        (
            "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.",
            "conflict",
            "no versions go together: a==1 and b==2",
        ),
        ("panicked at dlcheck-plan", "other", "panicked at what you ask for"),
        ("", "other", "the resolver gave no reason"),
    ],
)
def test_the_reason_in_one_line(words: str, kind: str, message: str):
    answer = read(words)
    assert answer.kind == kind
    assert message in answer.message
    assert "\n" not in answer.message
    assert OUR_PROJECT not in answer.message


def test_the_name_to_hide_is_the_name_that_uv_is_given(tmp_path):
    question = uv.Question(
        python="", requirements=(), builds=(), sources=PackageSources(), folder=str(tmp_path), lock=str(tmp_path)
    )
    assert f'name = "{OUR_PROJECT}"' in uv.project(question)
