"""What the RECORD files of an environment promise, and what of it lies on the disk."""

from __future__ import annotations

from dlcheck.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionFiles:
    """One ``*.dist-info`` folder held against the disk. Rows of byte code are never counted: they are made anew."""

    name: str
    """Normalised as in PEP 503."""
    version: str | None
    folder: str
    """Name of the dist-info folder."""
    files: int = 0
    """Rows of RECORD that were looked at."""
    missing: int = 0
    changed: int = 0
    """Files of another size than RECORD says, or (deep walk) another hash."""
    sample: tuple[str, ...] = ()
    """First few missing or changed paths, as RECORD spells them."""
    damaged: str | None = None
    """What is wrong with the metadata itself: no RECORD, no METADATA, unreadable."""

    @property
    def is_whole(self) -> bool:
        """Whether everything that RECORD promises is there."""
        return not self.missing and not self.changed and self.damaged is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Paths that two distributions claim as theirs: the one that was installed last has won."""

    first: str
    second: str
    paths: int
    differing: int
    """Of those, how many have different hashes in the two RECORDs: one of the two cannot be whole."""
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFiles:
    """A site-packages folder held against its own RECORD files."""

    folder: str
    distributions: tuple[DistributionFiles, ...] = ()
    leftovers: tuple[str, ...] = ()
    """Entries whose name begins with ~: pip renamed them before an upgrade that was interrupted."""
    duplicates: tuple[str, ...] = ()
    """Names with more than one dist-info folder."""
    collisions: tuple[Collision, ...] = ()
    deep: bool = False
    """Whether hashes were computed, or only existence and size looked at."""

    @property
    def broken(self) -> tuple[DistributionFiles, ...]:
        """The distributions that are not whole."""
        return tuple(one for one in self.distributions if not one.is_whole)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, changed, left over, doubled or fought over."""
        return not (self.broken or self.leftovers or self.duplicates or any(one.differing for one in self.collisions))
