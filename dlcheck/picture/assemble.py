"""Digests in, the picture out. A node's reports come one by one; the newest of each command counts."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dlcheck.model.fleet import Counts, FleetNode, FleetReport, FoldedCause, NodeState, Unreadable
from dlcheck.model.hostlist import is_name, natural
from dlcheck.picture.compare import drift, outliers
from dlcheck.picture.digest import Digest, NotReportError, digest
from dlcheck.picture.words import harmless

DAY = 86_400.0
_RANK = {"skipped": 0, "passed": 1, "note": 2, "unknown": 3, "warning": 4, "crashed": 5, "failed": 6}


@dataclass(slots=True)
class Gathered:
    """What came, and what is known of nodes of which nothing came."""

    expected: tuple[str, ...] | None = None
    digests: dict[tuple[str, str], Digest] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Node to why its report cannot be read."""
    strangers: list[Unreadable] = field(default_factory=list)
    unreadable: int = 0
    """Documents that could not be read, listed or not."""
    duplicates: dict[str, int] = field(default_factory=dict)
    excuses: dict[str, str] = field(default_factory=dict)
    """Node to what the engine says of it: down, draining, dlcheck is missing there ..."""

    def take(self, text: bytes, source: str, hint: str | None = None, *, sure: bool = False) -> bool:
        """One document; False where it is none. ``source`` is where it came from in words, ``hint`` the node that its place
        names; ``sure`` where an engine brought it from that node, whatever the document says.
        """
        try:
            one = digest(text)
        except NotReportError as error:
            self.refuse(str(error), source, (None if sure else error.node) or hint)
            return False
        if sure and hint is not None:
            one.node = hint
        key = one.node, one.command
        known = self.digests.get(key)
        if known is not None:
            self.duplicates[one.node] = self.duplicates.get(one.node, 0) + 1
        if known is None or one.created >= known.created:
            self.digests[key] = one
        return True

    def refuse(self, why: str, source: str, node: str | None = None) -> None:
        """Something that is no report."""
        self.unreadable += 1
        if node is not None and is_name(node) and (self.expected is None or node in self.names):
            self.broken[node] = why
        elif len(self.strangers) < 1_000:
            self.strangers.append(Unreadable(source=harmless(source, 120), why=why))

    @property
    def names(self) -> frozenset[str]:
        """The expected nodes, as a set."""
        if self._names is None:
            self._names = frozenset(self.expected or ())
        return self._names

    _names: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the picture is drawn."""

    max_age: float = DAY
    """Seconds by which a report may be older than the newest one."""
    since: float | None = None
    """Reports made before this time are stale whatever the others are."""
    now: float
    fail_on: str = "error"
    """error, warning or never."""


def assemble(gathered: Gathered, wishes: Wishes, **about: object) -> FleetReport:
    """The picture; ``about`` are the fields that say when, where and by what it was drawn."""
    by_node: dict[str, list[Digest]] = {}
    for one in gathered.digests.values():
        by_node.setdefault(one.node, []).append(one)
    oldest = _oldest(gathered.digests.values(), wishes)
    expected = gathered.expected
    names = set(by_node) | set(gathered.broken) | set(expected or ())
    listed = None if expected is None else frozenset(expected)
    nodes: list[FleetNode] = []
    fresh: list[Digest] = []
    for name in sorted(names, key=natural):
        known: Sequence[Digest] = by_node.get(name, ())
        current = [one for one in known if one.created >= oldest]
        fresh += current
        nodes.append(_node(name, current, known, gathered, listed is None or name in listed))
    counts = _counts(nodes, gathered, len(nodes) if expected is None else len(expected))
    return FleetReport(
        counts=counts,
        nodes=tuple(nodes),
        causes=_causes(fresh),
        drift=drift(fresh),
        outliers=outliers(fresh),
        unreadable=tuple(sorted(gathered.strangers, key=lambda one: natural(one.source))),
        duplicates=tuple(sorted(gathered.duplicates, key=natural)),
        exit_code=_exit_code(counts, wishes.fail_on),
        **about,  # type: ignore[arg-type]
    )


def _oldest(digests: Iterable[Digest], wishes: Wishes) -> float:
    """The time before which a report is stale. A clock ahead of ours must not age the others."""
    newest = max((one.created for one in digests if one.created <= wishes.now + 600), default=wishes.now)
    return max(newest - wishes.max_age, wishes.since if wishes.since is not None else float("-inf"))


def _node(
    name: str, current: Sequence[Digest], known: Sequence[Digest], gathered: Gathered, expected: bool
) -> FleetNode:
    if not current:
        if known:
            state, why = NodeState.STALE, "its report is from an earlier time"
        elif name in gathered.broken:
            state, why = NodeState.UNREADABLE, gathered.broken[name]
        else:
            state, why = NodeState.MISSING, "no report came"
        newest = max((one.created for one in known), default=None)
        return FleetNode(
            name=name, state=state, why=gathered.excuses.get(name, why), created=_iso(newest), expected=expected
        )
    if len(current) == 1 and not current[0].causes and current[0].state is not NodeState.FAILED:
        one = current[0]
        excuse = gathered.excuses.get(name)
        return FleetNode(name, one.state, excuse, (), one.areas, iso(one.created), one.version, one.versions, expected)
    causes: dict[str, str] = {}
    areas: dict[str, str] = {}
    for one in current:
        for slug, _, message in one.causes:
            causes.setdefault(slug, message)
        for area, outcome in one.areas.items():
            if area not in areas or _RANK[outcome] > _RANK[areas[area]]:
                areas[area] = outcome
    state = max((one.state for one in current), key=lambda one: one.rank)
    words = next((message for message in causes.values() if message), None)
    if state is NodeState.FAILED and not causes:
        words = "it ended with an error that names no cause"
    return FleetNode(
        name=name,
        state=state,
        why=gathered.excuses.get(name, words),
        causes=tuple(causes),
        areas=areas,
        created=_iso(max(one.created for one in current)),
        version=current[0].version,
        versions=max((one.versions for one in current), key=len),
        expected=expected,
    )


def _causes(digests: Iterable[Digest]) -> tuple[FoldedCause, ...]:
    nodes: dict[str, dict[str, None]] = {}
    worst: dict[str, str] = {}
    words: dict[str, str] = {}
    for one in digests:
        for slug, severity, message in one.causes:
            nodes.setdefault(slug, {})[one.node] = None
            if _RANK[severity] > _RANK.get(worst.get(slug, ""), -1):
                worst[slug] = severity
            if message and slug not in words:
                words[slug] = message
    folded = [
        FoldedCause(
            cause=slug,
            nodes=tuple(names),
            severity="error" if worst[slug] == "failed" else worst[slug],
            message=words.get(slug, ""),
        )
        for slug, names in nodes.items()
    ]
    return tuple(sorted(folded, key=lambda one: (one.severity != "error", -len(one.nodes), one.cause)))


def _counts(nodes: Sequence[FleetNode], gathered: Gathered, expected: int) -> Counts:
    states = [one.state for one in nodes]
    return Counts(
        expected=expected,
        received=len({node for node, _ in gathered.digests}),
        ok=states.count(NodeState.OK),
        warning=states.count(NodeState.WARNING),
        failed=states.count(NodeState.FAILED),
        missing=states.count(NodeState.MISSING),
        stale=states.count(NodeState.STALE),
        unreadable=states.count(NodeState.UNREADABLE) + len(gathered.strangers),
        duplicate=sum(gathered.duplicates.values()),
    )


def _exit_code(counts: Counts, fail_on: str) -> int:
    if fail_on == "never":
        return 0
    bad = counts.failed + counts.missing + counts.stale + counts.unreadable
    if fail_on == "warning":
        bad += counts.warning + counts.duplicate
    return 1 if bad else 0


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)


@functools.lru_cache(4096)
def iso(seconds: float) -> str:
    """UTC, ISO 8601, to the second."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
