"""DL201-DL219: the network as far as installing needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, known
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.host_facts import IndexFacts, NetworkFacts
from dlcheck.model.profile import Profile, Severity

SLOW = 1_000_000
"""Bytes per second; at less, the 2.7 GB of a CUDA build of PyTorch take more than 45 minutes."""
SKEW = 300
"""Seconds; a certificate that is valid since an hour ago is refused by a clock that is further behind."""
_CAUSES = {
    "dns": "dns-failure",
    "proxy": "proxy-misconfigured",
    "tcp": "network-blocked",
    "tls": "tls-proxy-ca-untrusted",
    "http": "index-server-fault",
    "file": "index-configuration",
}
_WORDS = {
    "dns": "its name cannot be resolved",
    "proxy": "the proxy does not let it through",
    "tcp": "no connection",
    "tls": "no trusted encrypted connection",
    "http": "it answers with an error",
    "file": "the folder is not there",
}
_HERE = re.compile(r"(?:localhost|127(?:\.\d+){3}|::1|\[::1\])(?::\d+)?")
"""A host, with its port or without, that is this machine itself."""


def tried(facts: Facts) -> NetworkFacts:
    """The network facts where something was contacted."""
    network = known(facts.network)
    if not network.tried:
        raise NotApplicable("not tried (--offline or --quick)")
    return network


def failed(network: NetworkFacts) -> list[IndexFacts]:
    """The sources that did not answer."""
    return [one for one in network.indexes if one.reached is False]


@rule(
    "DL201",
    "The package index answers",
    group="Internet",
    needs=("network",),
    causes=(*sorted(set(_CAUSES.values())), "no-internet"),
)
def index_unreachable(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """A package source that pip or uv is configured with does not answer: installing will fail.

    Names the step: name resolution, proxy, connection, certificate, the server itself, or a folder that is gone. An
    error where none answers and the profile asks for internet; a warning where another one still does.
    """
    network = tried(facts)
    if network.no_index:
        raise NotApplicable("the configuration forbids every index (no-index)")
    silent = failed(network)
    answering = [one for one in network.indexes if one.reached]
    alive = [one for one in answering if one.role == "index"] or [one for one in answering if one.role == "extra-index"]
    dead = [one for one in silent if one.step in ("dns", "tcp")]
    # Every index out of reach at the same early step is one broken connection, not several broken indexes.
    if len(dead) > 1 and len(dead) == len(
        [one for one in network.indexes if one.step != "file" and one.status is None]
    ):
        silent = [dead[0], *(one for one in silent if one.step == "file")]
    for one in silent:
        cause = _CAUSES.get(one.step or "", "no-internet")
        yield Finding(
            cause=cause,
            message=f"{one.url} does not answer: {_WORDS.get(one.step or '', 'no answer')} ({one.error})",
            severity=Severity.ERROR if profile.internet and not alive else Severity.WARNING,
            evidence=(Evidence("network.indexes", f"{one.url} ({one.source}): {one.step}: {one.error}"),),
            about={"url": one.url},
        )


@rule(
    "DL202",
    "Certificate settings name files that exist",
    group="Internet",
    needs=("network",),
    causes=("ca-bundle-path-missing",),
    severity=Severity.WARNING,
)
def certificate_file_missing(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A variable or setting names a certificate file that is not there: every encrypted connection fails with it."""
    network = known(facts.network)
    for name in network.missing_ca_files:
        path = network.ca_files.get(name, "")
        yield Finding(
            cause="ca-bundle-path-missing",
            message=f"{name} names {path}, which does not exist",
            evidence=(Evidence(f"network.ca_files.{name}", path),),
            about={"variable": name, "path": path},
        )


@rule(
    "DL203",
    "The clock is right",
    group="Internet",
    needs=("network",),
    causes=("clock-skew",),
    severity=Severity.WARNING,
)
def clock_skewed(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The clock of this machine differs by more than five minutes from that of the package index (its Date header).

    Certificates then count as not yet valid or expired, and builds as older than their sources.
    """
    skews = [one.clock_skew_seconds for one in tried(facts).indexes if one.clock_skew_seconds is not None]
    if not skews:
        raise NotApplicable("no server told the time")
    skew = min(skews, key=abs)
    if abs(skew) > SKEW:
        yield Finding(
            cause="clock-skew",
            message=f"the clock is {units.duration(abs(skew))} {'behind' if skew > 0 else 'ahead of'} the package index",
            severity=Severity.ERROR if abs(skew) > 86_400 else None,
            evidence=(Evidence("network.clock_skew_seconds", f"{skew:.0f}"),),
        )


@rule(
    "DL204",
    "Package sources are trustworthy",
    group="Internet",
    needs=("network",),
    causes=("index-trust",),
    severity=Severity.WARNING,
)
def trust_weakened(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A setting takes away the protection of the connection: an http index, or a trusted-host.

    Whoever sits on the way can then deliver any package. Addresses of this machine itself are not meant.
    """
    network = known(facts.network)
    for one in network.indexes:
        plain = re.match(r"http://(?:[^/@]*@)?([^/?#]*)", one.url)
        if plain and not _HERE.fullmatch(plain[1]):
            yield Finding(
                cause="index-trust",
                message=f"{one.url} is not encrypted ({one.source})",
                evidence=(Evidence("network.indexes", one.url),),
                about={"url": one.url},
            )
    for host in network.trusted_hosts:
        if not _HERE.fullmatch(host):
            yield Finding(
                cause="index-trust",
                message=f"the certificate of {host} is not checked (trusted-host)",
                evidence=(Evidence("network.trusted_hosts", host),),
                about={"url": host},
            )


@rule(
    "DL205",
    "The connection is fast enough",
    group="Internet",
    needs=("network",),
    causes=("slow-network",),
    severity=Severity.NOTE,
)
def connection_slow(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Less than 1 MB/s from the package index (measured only with --measure): CUDA builds take the better part of an hour."""
    rates = [one.bytes_per_second for one in known(facts.network).indexes if one.bytes_per_second]
    if not rates:
        raise NotApplicable("not measured (--measure does)")
    if max(rates) < SLOW:
        yield Finding(
            cause="slow-network",
            message=f"{max(rates) / 1e6:.2f} MB/s from the package index: 700 MB of frameworks take "
            f"{units.duration(700e6 / max(rates))}",
            evidence=(Evidence("network.bytes_per_second", f"{max(rates):.0f}"),),
        )


RULES = (index_unreachable, certificate_file_missing, clock_skewed, trust_weakened, connection_slow)
