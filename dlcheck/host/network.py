"""Whether the package sources that pip and uv are configured with answer, and at which step they do not.

Each source is tried in a daemon thread of its own: name resolution cannot be cancelled, and must not hold up the rest.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from dlcheck.host.package_sources import local_path, package_sources, shown_proxies
from dlcheck.model.host_facts import IndexFacts, NetworkFacts
from dlcheck.model.sources import PackageSources, Source

STEP = 5.0
"""Seconds that one step (name, connection, handshake, answer) may take."""


class Look:
    """A look at the network under way; ``wait`` gives the facts."""

    def __init__(self, sources: PackageSources, *, offline: bool, measure: bool, environ: Mapping[str, str]) -> None:
        self._sources = sources
        self._offline = offline
        rows = [IndexFacts(url=one.url, source=f"{one.tool}: {one.origin}", role=one.role) for one in sources.sources]
        self._rows = rows
        self._started = time.monotonic()
        self._threads: list[threading.Thread] = []
        for at, source in enumerate(sources.sources):
            if source.is_local:
                rows[at] = _look_local(rows[at], source)
            elif not offline and not sources.no_index:
                rows[at] = replace(rows[at], reached=False, step="dns", error="no answer in time")
                trial = threading.Thread(target=self._try, args=(at, source, environ, measure), daemon=True)
                trial.start()
                self._threads.append(trial)

    def _try(self, at: int, source: Source, environ: Mapping[str, str], measure: bool) -> None:
        # The modules for TLS and HTTP take longer to import than a quick run takes in all.
        from dlcheck.host.network_trial import Trial

        Trial(self._rows, at, source, self._sources, environ).run(measure=measure)

    def wait(self) -> NetworkFacts:
        """The facts; a source that has not answered after four steps' time did not answer."""
        for thread in self._threads:
            thread.join(max(0.0, self._started + 4 * STEP - time.monotonic()))
        files = {name: setting.shown for name, setting in self._sources.ca_files.items()}
        return NetworkFacts(
            indexes=tuple(self._rows),
            proxies=shown_proxies(self._sources),
            ca_files=files,
            missing_ca_files=tuple(name for name, path in files.items() if not os.path.exists(path)),
            trusted_hosts=self._sources.trusted_hosts,
            tried=not self._offline,
            no_index=self._sources.no_index,
        )


def start(*, prefix: str | None, offline: bool, measure: bool = False, environ: Mapping[str, str] = os.environ) -> Look:
    """Begin to try the sources that the environment at ``prefix`` would install from."""
    sources = package_sources(environ, prefix=prefix, folder=os.curdir)
    return Look(sources, offline=offline, measure=measure, environ=environ)


def _look_local(row: IndexFacts, source: Source) -> IndexFacts:
    there = os.path.exists(local_path(source.address))
    return replace(
        row, reached=there, step=None if there else "file", error=None if there else "there is no such folder"
    )
