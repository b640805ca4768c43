"""Every case of the zoo."""

from __future__ import annotations

from tests.faults import devices, healthy, imports, interpreters, killed, machine, network, packages, remote, variables

FAULTS = (
    *packages.FAULTS,
    *imports.FAULTS,
    *variables.FAULTS,
    *devices.FAULTS,
    *interpreters.FAULTS,
    *machine.FAULTS,
    *network.FAULTS,
    *killed.FAULTS,
    *remote.FAULTS,
)
HEALTHY = (*healthy.HEALTHY, *devices.HEALTHY, *interpreters.HEALTHY, *network.HEALTHY, *remote.HEALTHY)
