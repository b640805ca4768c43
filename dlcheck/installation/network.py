"""What to look at when a package source cannot be had: the setting that was used, by its name and place."""

from __future__ import annotations

from dlcheck.model.sources import PackageSources

LOOK = "Look at the network: dlcheck doctor --select DL2"
_HINTS = {
    "offline": "Fetch it once with --bundle DIR where there is a network, and give --find-links DIR.",
    "content": "A proxy or a mirror changes what it hands on: fetch from another source.",
    "http": "The index has no such file for you: its address, your rights or the lock are out of date.",
}


def network_hint(kind: str, sources: PackageSources) -> str | None:
    """What to do about a failure of this kind (installers.fetch.SourceError); None for a kind that is none of the network."""
    if kind == "tls":
        used = [f"{one.origin} ({one.shown})" for one in sources.ca_files.values()]
        named = f" In use: {', '.join(used)}." if used else ""
        return (
            f"A proxy may put its own certificate in between: SSL_CERT_FILE names the file that vouches for it.{named}"
        )
    proxies = [f"{one.origin} ({one.shown})" for name, one in sources.proxies.items() if name.upper() != "NO_PROXY"]
    if kind in ("proxy", "dns", "tcp", "timeout") and proxies:
        return f"The proxy in use is that of {', '.join(proxies)}. {LOOK}"
    if kind in ("dns", "tcp", "timeout", "proxy"):
        return LOOK
    return _HINTS.get(kind)
