"""Nothing secret leaves. The one place that knows what a secret, a name and a hostile character look like.

``mask_secrets`` holds for every output, JSON and logs included; ``anonymise`` adds what identifies a person or a
machine, for the formats that are meant to be shared. Both work on the report, never on rendered text, so that no format's
syntax can be cut in two.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.report import Report

if TYPE_CHECKING:
    from dlcheck.model.diagnosis import DiagnosisReport
    from dlcheck.model.smoke import SmokeReport

T = TypeVar("T")
Shareable = TypeVar("Shareable", Report, "SmokeReport", "DiagnosisReport")
MASK = "***"

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?"  # OSC, DCS, SOS, PM, APC: titles, links, clipboard
    r"|\x1b[ -/]{0,4}[0-~]?"
)
# Control characters, those that turn the direction of text around or are no characters at all (lone surrogates).
_UNSHOWABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)

# The name (of a variable, an option, a JSON key) that announces a secret. "key" alone would hit too much, and so would "pwd".
_ANNOUNCED = (
    r"(?:[A-Za-z0-9]{1,40}[_.-]){0,6}(?:token|secret|password|passphrase|passwd|(?<=[_.-])pwd|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|account[_-]?key|auth[_-]?key|credentials?|authtoken)(?:[_.-][A-Za-z0-9]{1,40}){0,3}"
)
_SECRET_NAME = re.compile(_ANNOUNCED, re.IGNORECASE)
_SECRETS = re.compile(
    r"(?P<url>\b[a-zA-Z][a-zA-Z0-9+-]{0,20}://)[^\s/?#@'\"<>]+(?:/[^\s/?#@'\"<>]*)?@(?=[^\s/?#@])"
    r"|(?P<query>[?&](?i:sig|signature|key|auth|code)=)[^\s&#'\"<>]+"
    r"|(?P<header>\b(?i:authorization[\"']?\s?[:=]\s?[\"']?(?:bearer|basic|token)?|bearer)\s+)[A-Za-z0-9+/=_.~-]{8,}"
    r"|(?P<named>(?<![A-Za-z0-9])(?i:" + _ANNOUNCED + r")[\"']?\s?[=:]\s?[\"']?)(?!//)[^\s\"',;&<>]+"
    r"|(?P<option>--(?:password|token|api-key|secret)[ =])[^\s\"']+"
    # Tokens that name their own kind: Hugging Face, GitHub, GitLab, OpenAI and kin, AWS, Slack, Google, indexes, NVIDIA, npm, JWT.
    r"|\b(?:hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
    r"|glpat-[A-Za-z0-9_-]{16,}|sk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|AIza[A-Za-z0-9_-]{30,}|pypi-[A-Za-z0-9_-]{16,}|nvapi-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"
)
_SERIAL = re.compile(
    r"\b((?:GPU|MIG|MIG-GPU|NVSwitch)-)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4,12}){1,4}(?:/\d+/\d+)?"
    r"|(?P<serial>\bserial(?:[ _-]?(?:number|no))?[\"']?\s?[=:#]?\s?)[A-Za-z0-9]*[0-9][A-Za-z0-9-]{5,}",
    re.IGNORECASE,
)
_HOMES = re.compile(
    r"(?P<posix>(?<![\w.~-])/(?:home|Users|u|nfshome)/(?P<user>[^/\s:;,'\"<>|*]+))"
    r"|(?P<windows>\b[A-Za-z]:(?:\\\\|\\|/)(?:Users|Documents and Settings)(?:\\\\|\\|/)(?P<windows_user>"
    r"[^\\/:;,'\"<>|*\n]{1,40}(?=[\\/])|[^\\/\s:;,'\"<>|*]+))"
    r"|(?P<root>(?<![\w.~/-])/root(?=[/\s:;,'\")]|\Z))"
)
_HOST = re.compile(r"[\w.-]{2,253}")
# Names that say nothing of a person; replacing them would only garble sentences.
_NOBODY = frozenset(
    (  # noqa: SIM905 - fifty lines otherwise
        "root user users home admin administrator default public shared guest runner jovyan ubuntu debian "
        "ec2-user vscode node codespace gitpod kaggle colab app work workspace localhost host python python3 conda torch "
        "tensorflow data test tests gpu cuda dlcheck pip uv install doctor cpu linux windows "
        "build builder machine server desktop laptop computer worker master main login head driver memory device "
        "devices cluster lab model training train name local cloud new old box framework network disk system"
    ).split()
)


def harmless(text: str) -> str:
    """The text without terminal escape sequences, control characters and tricks with the direction of writing."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return _UNSHOWABLE.sub("�", _ESCAPE.sub("", text))


def mask_secrets(text: str) -> str:
    """The text with passwords, tokens and credentials in addresses replaced by three stars."""
    return _SECRETS.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    if match["url"]:
        return f"{match['url']}{MASK}@"
    return (match["query"] or match["header"] or match["named"] or match["option"] or "") + MASK


def mask_report(report: T) -> T:
    """The report (any tree of dataclasses, tuples and dicts) fit for its own user's eyes, whatever the format."""
    return _rewrite(report, _clean)


def _clean(text: str) -> str:
    return mask_secrets(harmless(text))


def anonymise(report: Shareable) -> Shareable:
    """The report fit to be shown to others: masked as ``mask_report`` does, and nobody's name, host or serial in it."""
    clean = mask_report(report)
    return _rewrite(clean, functools.partial(_anonymous, names=_names(clean)))


def anonymous_text(text: str, names: tuple[tuple[str, str], ...] = ()) -> str:
    """A text of unknown origin, masked and without home folders and serial numbers."""
    return _anonymous(_clean(text), names)


def _anonymous(text: str, names: tuple[tuple[str, str], ...]) -> str:
    for name, replacement in names:
        if name in text:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", replacement, text)
    text = _HOMES.sub("~", text)
    return _SERIAL.sub(lambda match: (match["serial"] or match[1] or "") + MASK, text)


def _names(report: Report | SmokeReport | DiagnosisReport) -> tuple[tuple[str, str], ...]:
    """What to replace by what, longest first: home folders, then user and host names that the report itself betrays."""
    homes: set[str] = set()
    users: set[str] = set()
    hosts: set[str] = {report.node}
    facts = getattr(report, "facts", Facts())
    system = facts.system
    if not isinstance(system, Unknown):
        hosts.add(system.node or "")
        homes.add(system.home or "")
        users.add(system.user or "")
    if not isinstance(facts.disks, Unknown):
        homes.update(disk.path for disk in facts.disks if disk.role == "home")

    def look(text: str) -> str:
        users.update(match["user"] or match["windows_user"] or "" for match in _HOMES.finditer(text))
        return text

    _rewrite(report, look)
    homes = {home.rstrip("/\\") for home in homes if len(home) > 2}
    users.update(re.split(r"[\\/]", home)[-1] for home in homes)
    hosts.update(name.split(".")[0] for name in tuple(hosts))
    pairs = dict.fromkeys(homes, "~")
    pairs.update({name: "user" for name in users if len(name) > 2 and name.lower() not in _NOBODY})
    pairs.update({name: "host" for name in hosts if _HOST.fullmatch(name) and name.lower() not in _NOBODY})
    return tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair[0])))


def _rewrite(value: T, change: Callable[[str], str]) -> T:
    """The tree with every string changed; a value under the name of a secret is masked, an unchanged branch is kept."""
    return cast(T, _rewritten(value, change))


def _rewritten(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        items = tuple(_rewritten(item, change) for item in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        changed = {
            change(str(key)): MASK if item and _SECRET_NAME.fullmatch(str(key)) else _rewritten(item, change)
            for key, item in value.items()
        }
        return changed if changed != value else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: new
            for field in dataclasses.fields(value)
            if (new := _rewritten(old := getattr(value, field.name), change)) is not old
        }
        return dataclasses.replace(value, **changes) if changes else value
    return value
