"""What uv and pip say when they find no versions, in one line of our own words. Pure.

The texts are those of uv 0.13 (its PubGrub report and the chain of causes below a failed request) and of pip 26.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OUR_PROJECT = "dlcheck-plan"
"""The name of the project that the resolver is given; no person ever asked for it."""
_ASKED = rf"{OUR_PROJECT} depends on "
_NAME = r"(?P<name>[A-Za-z0-9][\w.\[\]+-]*)"
_VERSION = r"(?P<wish>\S+)"

# What the network said, by words of the last causes, most particular first.
_NETWORK = (
    ("dns", r"dns error|failed to lookup address|Name or service not known|getaddrinfo", "the name is not known here"),
    ("tls", r"certificate|UnknownIssuer|SSLError|tls handshake", "its certificate is not accepted"),
    ("proxy", r"tunnel error|proxy", "the proxy does not let it through"),
    ("timeout", r"timed out|timeout", "no answer in time"),
    ("tcp", r"Connection refused|connect error|reset by peer|unreachable|Connection aborted", "nothing answers there"),
)
_STATUS = re.compile(r"\b(401|403|407|404|410|451|5\d\d)\b")
_FETCHED = re.compile(r"(?:Failed to fetch: |for url \(|url: |Could not fetch URL )[`(]?(?P<url>https?://[^\s`)]+)")


@dataclass(frozen=True, slots=True)
class ResolverAnswer:
    """Why there are no versions. ``kind``: dns, tls, proxy, timeout, tcp, http, missing, wheels, conflict or other."""

    kind: str
    message: str
    url: str | None = None
    """The address that could not be had, as the resolver wrote it."""


def read(words: str) -> ResolverAnswer:
    """The reason in the output of a resolver; its own words, shortened, where none is known."""
    text = " ".join(line.strip() for line in words.splitlines() if line.strip())
    return _of_the_network(text) or _of_the_versions(text) or ResolverAnswer("other", _last(words))


def _of_the_network(text: str) -> ResolverAnswer | None:
    fetched = _FETCHED.search(text)
    if fetched is None and "Failed to establish a new connection" not in text:
        return None
    url = fetched["url"].rstrip("/.,:") if fetched else None
    where = url or "the package source"
    for kind, pattern, reason in _NETWORK:
        if re.search(pattern, text, re.IGNORECASE):
            return ResolverAnswer(kind, f"{where} cannot be reached: {reason}", url)
    status = _STATUS.search(text)
    reason = f"it answers {status[1]}" if status else "it gives no usable answer"
    return ResolverAnswer("http", f"{where} cannot be read: {reason}", url)


def _of_the_versions(text: str) -> ResolverAnswer | None:
    because = re.search(r"Because (.*?)(?:$|\bhint: )", text)
    if because is None:
        return _of_pip(text)
    chain = because[1]
    if found := re.search(rf"{_NAME} was not found in the (?P<place>package registry|cache|provided)", chain):
        if found["place"] == "cache":
            return ResolverAnswer("missing", f"{found['name']} is not here, and nothing may be contacted (--offline)")
        return ResolverAnswer("missing", f"{found['name']}: no package source here has anything of that name")
    if found := re.search(rf"there (?:is|are) no versions? of {_VERSION}", chain):
        wish = found["wish"].rstrip(",")
        only = re.search(
            rf"only (?:the following versions of )?{re.escape(wish)}(?P<versions>.*?) (?:is|are) available", text
        )
        return ResolverAnswer(
            "missing", f"{wish}: the package sources have no such version" + (only["versions"] if only else "")
        )
    if found := re.search(rf"{_VERSION} has no wheels with a matching (?P<tag>Python[\w ]*|platform)", chain):
        what = "system" if found["tag"] == "platform" else "Python"
        return ResolverAnswer("wheels", f"{found['wish']} has no wheel for this {what}")
    if found := re.search(rf"(?:all versions of )?{_VERSION} ha(?:s|ve) no usable wheels", chain):
        return ResolverAnswer(
            "wheels", f"{found['wish']} has no wheels, only source code, which dlcheck does not build"
        )
    if found := re.match(rf"{_ASKED}(.+?), we can conclude", chain):
        return ResolverAnswer("conflict", f"{found[1]} exclude each other")
    return ResolverAnswer("conflict", f"no versions go together: {_plainly(chain)}")


def _of_pip(text: str) -> ResolverAnswer | None:
    if found := re.search(rf"No matching distribution found for {_VERSION}", text):
        listed = re.search(r"\(from versions: (?P<all>[^)]*)\)", text)
        if listed and listed["all"] == "none":
            return ResolverAnswer(
                "missing", f"{found['wish']}: no package source here has a wheel of that name for this Python"
            )
        return ResolverAnswer("missing", f"{found['wish']}: the package sources have no such version for this Python")
    if found := re.search(r"Cannot install (.+?) because these package versions have conflicting", text):
        return ResolverAnswer("conflict", f"no versions go together: {found[1]}")
    return None


def _plainly(chain: str) -> str:
    """A report of the resolver without its conclusions, and without the name of the project that we made up."""
    facts = re.sub(r",? we can conclude that .*?(?=\. |\.$| And because |$)", "", chain)
    facts = re.sub(rf"\b{_ASKED}", "you ask for ", facts)
    facts = re.sub(r"[.\s]*And because ", "; ", facts)
    return facts.strip(" .").replace(OUR_PROJECT, "what you ask for")


def _last(words: str) -> str:
    """The last lines, without the name that nobody knows; a few hundred characters."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return " / ".join(lines[-3:])[-400:].replace(OUR_PROJECT, "what you ask for") or "the resolver gave no reason"
