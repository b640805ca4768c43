from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from markdown_it import MarkdownIt

from dlcheck.checks import RULES
from dlcheck.data import cause_slugs
from tests.faults.zoo import FAULTS, HEALTHY

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def tool(name: str) -> ModuleType:
    """A script of tools/, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return tool("build_docs")


def test_the_pages_are_what_the_code_says(builder: ModuleType):
    made = builder.pages()
    stale = [
        name for name, text in made.items() if not (DOCS / name).exists() or (DOCS / name).read_text("utf-8") != text
    ]
    left = {f"causes/{path.name}" for path in (DOCS / "causes").glob("*.md")} - set(made)
    assert not stale, "python tools/build_docs.py writes them"
    assert not left, "python tools/build_docs.py removes them"


def test_the_readme_lists_the_rules_that_there_are(builder: ModuleType):
    text = (ROOT / "README.md").read_text("utf-8")
    assert builder.readme(text) == text, "python tools/build_docs.py writes the table"
    assert all(f"| {rule.code} |" in text for rule in RULES)


def test_the_words_of_the_causes_are_what_their_texts_say():
    terms = tool("build_terms")
    assert terms.document() == terms.TARGET.read_text("utf-8"), "python tools/build_terms.py writes them"


@pytest.mark.parametrize(
    ("page", "pattern", "count"),
    [
        ("README.md", r"plants (\d+) faults", len(FAULTS)),
        ("README.md", r"silent on (\d+) healthy", len(HEALTHY)),
        ("CHANGELOG.md", r"(\d+) checks", len(RULES)),
        ("CHANGELOG.md", r"(\d+) planted faults", len(FAULTS)),
        ("CHANGELOG.md", r"(\d+) healthy environments", len(HEALTHY)),
    ],
)
def test_the_numbers_that_are_told_are_those_of_the_code(page: str, pattern: str, count: int):
    assert re.findall(pattern, (ROOT / page).read_text("utf-8")) == [str(count)]


def test_what_security_promises_has_its_test():
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    every = "".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    named = re.findall(r"`(test_\w+)(\.\.\.)?`", page)
    assert named
    assert [name for name, cut in named if f"def {name}" + ("" if cut else "(") not in every] == []


def test_every_rule_and_cause_has_its_place():
    checks = (DOCS / "checks.md").read_text()
    assert all(f"## {rule.code}: " in checks for rule in RULES)
    causes = "".join(path.read_text() for path in (DOCS / "causes").glob("*.md"))
    assert all(f'<a id="{slug}"></a>' in causes for slug in cause_slugs())


@pytest.mark.parametrize(
    "path",
    [*DOCS.glob("*.md"), DOCS / "causes" / "README.md", ROOT / "integrations" / "README.md", ROOT / "SECURITY.md"],
    ids=lambda path: path.name,
)
def test_links_lead_somewhere(path: Path):
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8"))
    links = [child.attrGet("href") for one in tokens for child in one.children or () if child.type == "link_open"]
    for link in links:
        target, _, anchor = str(link).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        assert (path.parent / target).exists(), link
        if anchor:
            assert f'<a id="{anchor}"></a>' in (path.parent / target).read_text("utf-8"), link


def test_the_rule_in_the_guide_is_one():
    guide = (DOCS / "add-a-rule.md").read_text()
    code = re.search("```python\n(.*?)```", guide, re.DOTALL)
    assert code
    names: dict[str, object] = {}
    exec(
        "from collections.abc import Iterator\nfrom dlcheck.checks.rule import rule\nfrom dlcheck.model.fact import known, present\n"
        "from dlcheck.model.facts import Facts\nfrom dlcheck.model.finding import Finding\nfrom dlcheck.model.profile import Profile, Severity\n"
        + code[1],
        names,
    )
    assert names["swap_is_off"].code == "DL190"  # type: ignore[attr-defined]
