"""Where packages come from: the settings of pip and uv, as their configuration has them."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that packages may come from."""

    address: str = field(repr=False)
    """URL or folder as configured, credentials included: for the installer alone, never for a document."""
    role: str
    """index, extra-index or find-links."""
    origin: str
    """Where the setting stands: a file's path, a variable's name, --index-url, default of pip."""
    tool: str
    """pip, uv or dlcheck: whose setting it is."""
    name: str | None = None
    """uv's name of an index."""
    explicit: bool = False
    """uv: only for packages that are pinned to it."""

    @property
    def url(self) -> str:
        """The address as it may be shown."""
        from dlcheck.model.redact import mask_secrets  # here: its expressions take 30 ms to compile

        return mask_secrets(self.address)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder or file of this machine."""
        return self.address.startswith("file:") or "://" not in self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting that is not a source: a proxy, a certificate, a time limit."""

    value: str = field(repr=False)
    origin: str

    @property
    def shown(self) -> str:
        """The value as it may be shown."""
        from dlcheck.model.redact import mask_secrets

        return mask_secrets(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSources:
    """Everything that pip and uv are told about where packages come from and how to get there."""

    sources: tuple[Source, ...] = ()
    """In the order in which a package is looked for: a name that an earlier index has is never taken from a later one."""
    no_index: bool = False
    proxies: dict[str, Setting] = field(default_factory=dict)
    """By name of the variable or option."""
    ca_files: dict[str, Setting] = field(default_factory=dict)
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    """The longest time limit that is configured, in seconds."""
    unreadable: tuple[str, ...] = ()
    """Configuration files that could not be read, each with the reason."""
    read: tuple[str, ...] = ()
    """Configuration files that were read."""

    def of(self, role: str) -> tuple[Source, ...]:
        """The sources of one role."""
        return tuple(one for one in self.sources if one.role == role)
