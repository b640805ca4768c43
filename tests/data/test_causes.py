"""The public vocabulary: every entry is whole, points to entries that exist, and promises nothing it cannot keep."""

from __future__ import annotations

import ast
import re
import shlex

import pytest

from dlcheck.data import FOLDER, cause, cause_slugs
from dlcheck.model.cause import PLACES, Cause
from dlcheck.model.finding import Safety
from dlcheck.model.placeholder import PLACEHOLDERS, blanks, fill

SLUGS = sorted(cause_slugs())
CAUSES = {slug: entry for slug in SLUGS if (entry := cause(slug))}
WORDS = {word for members in PLACES.values() for word in members}
ROOT_TOOLS = {"sudo", "systemctl", "modprobe", "apt", "apt-get", "dracut", "reboot", "reg"}
HARMLESS_WITH_ROOT = {"fabric-manager-not-needed"}
"""Nothing is wrong, yet a service that keeps failing may be switched off."""


def texts(entry: Cause) -> list[str]:
    fixes = [one.fix for one in entry.fixes]
    commands = [" ".join(command) for fix in fixes for command in fix.commands]
    return [entry.title, entry.meaning, entry.why, *entry.verify, *entry.links, *(fix.text for fix in fixes), *commands]


def test_the_folder_holds_nothing_else():
    assert {path.name for path in (FOLDER / "causes").iterdir()} == {f"{slug}.toml" for slug in SLUGS}
    assert set(CAUSES) == set(SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_an_entry_is_whole(slug: str):
    entry = CAUSES[slug]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert 8 <= len(entry.title) <= 60
    assert entry.title[0].isupper() or entry.title[0] == "/"
    assert not entry.title.endswith(".")
    assert entry.meaning.endswith(".")
    assert entry.why.endswith(".")
    assert entry.fixes
    assert entry.verify
    assert entry.checked
    for text in texts(entry):
        assert "!" not in text.replace("!nvidia-smi", ""), text
        assert text == text.strip()
        assert text.isascii(), text


@pytest.mark.parametrize("slug", SLUGS)
def test_references_exist(slug: str):
    entry = CAUSES[slug]
    assert set(entry.near) | set(entry.explains) <= set(SLUGS)
    assert slug not in entry.near + entry.explains
    assert len(set(entry.near)) == len(entry.near)
    assert len(set(entry.explains)) == len(entry.explains)


@pytest.mark.parametrize("slug", SLUGS)
def test_fixes_keep_their_promise(slug: str):
    for one in CAUSES[slug].fixes:
        assert set(one.where) <= WORDS
        assert set(blanks(one.fix)) <= set(PLACEHOLDERS)
        assert re.search(r"[.)}\w]$", one.fix.text), one.fix.text
        assert one.fix.commands or one.fix.safety in (Safety.MANUAL, Safety.REBOOT), "words alone are done by hand"
        for command in one.fix.commands:
            assert command
            assert not {"|", "&&", "||", ";", ">", "<", "$USER", "$HOME"} & set(command), (
                "an argument list is no shell line"
            )
            assert not any("$(" in word or '"' in word for word in command)
            assert "LD_LIBRARY_PATH" not in " ".join(command) or command[0] == "unset"
            if command[0] in ROOT_TOOLS:
                assert one.fix.safety in (Safety.ROOT, Safety.REBOOT), command


@pytest.mark.parametrize("slug", SLUGS)
def test_commands_that_dlcheck_may_run_need_no_shell(slug: str):
    for one in CAUSES[slug].fixes:
        if one.fix.safety in (Safety.SAFE, Safety.ENVIRONMENT):
            assert all(
                command[0] not in {"unset", "export", "cd", "ulimit", "Remove-Item"} for command in one.fix.commands
            )


def test_blanks_in_words_are_documented_and_each_is_used():
    used: set[str] = set()
    for slug in SLUGS:
        found = set(re.findall(r"\{([a-z]+)\}", " ".join(texts(CAUSES[slug]))))
        assert found <= set(PLACEHOLDERS), slug
        used |= found
    assert used == set(PLACEHOLDERS)


@pytest.mark.parametrize("slug", SLUGS)
def test_python_snippets_are_python(slug: str):
    entry = CAUSES[slug]
    lines = [shlex.split(check) for check in entry.verify if '"' in check]
    for words in [*lines, *(command for one in entry.fixes for command in one.fix.commands)]:
        if "-c" in words and "python" in words[0]:
            ast.parse(fill(words[words.index("-c") + 1], {"module": "torch", "path": "/x", "variable": "X"}))


def test_harmless_causes_ask_for_no_administrator():
    asking = {s for s in SLUGS if CAUSES[s].harmless and any(one.fix.safety is Safety.ROOT for one in CAUSES[s].fixes)}
    assert asking == HARMLESS_WITH_ROOT


def test_no_package_registry_is_named():
    registry = re.compile("py" + r"pi\.org|" + "python" + r"hosted|anaconda\.org|npmjs", re.IGNORECASE)
    assert [slug for slug in SLUGS if registry.search(" ".join(texts(CAUSES[slug])))] == []


def test_consequences_form_no_circle():
    done: set[str] = set()

    def walk(slug: str, way: tuple[str, ...]) -> None:
        assert slug not in way, " -> ".join((*way, slug))
        if slug not in done:
            for consequence in CAUSES[slug].explains:
                walk(consequence, (*way, slug))
            done.add(slug)

    for slug in SLUGS:
        walk(slug, ())


def test_rules_name_only_causes_of_the_vocabulary():
    from dlcheck.checks import RULES

    assert {slug for rule in RULES for slug in rule.causes} <= set(SLUGS)


def test_a_root_cause_folds_its_consequences():
    """Pairs that an expert would name without thinking."""
    for root, consequence in (
        ("nvidia-driver-missing", "gpu-not-seen-by-framework"),
        ("secure-boot-rejects-module", "nvidia-module-not-loaded"),
        ("nouveau-owns-gpu", "nvidia-module-not-loaded"),
        ("container-started-without-gpu", "nvidia-driver-missing"),
        ("no-disk-space", "broken-partial-install"),
        ("numpy-abi-mismatch", "import-raises"),
        ("low-ram", "oom-killed"),
        ("env-python-missing", "framework-missing"),
        ("dns-failure", "network-blocked"),
        ("gpu-fallen-off-bus", "pcie-errors"),
    ):
        assert consequence in CAUSES[root].explains, (root, consequence)


SYMPTOMS = (
    "import-raises",
    "import-crashes",
    "import-hangs",
    "import-silent",
    "import-killed-for-memory",
    "framework-missing",
    "gpu-not-seen-by-framework",
    "training-raises",
    "training-crashes",
    "smoke-timeout",
)


@pytest.mark.parametrize("slug", SLUGS)
def test_whoever_explains_a_symptom_explains_what_follows_from_it(slug: str):
    """Folding does not follow chains, and these are found without the causes between them."""
    explains = set(CAUSES[slug].explains)
    for symptom in explains & set(SYMPTOMS):
        assert set(CAUSES[symptom].explains) - {slug} <= explains, symptom
