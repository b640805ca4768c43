"""What two tools say of a machine's GPUs: which of them are one, and which are two of one name."""

from __future__ import annotations

from typing import Any

import pytest

from dlcheck.model.device_facts import Gpu
from dlcheck.readers.merge import join


def gpu(index: int | None = None, name: str = "NVIDIA H100", **more: Any) -> Gpu:
    return Gpu(name=name, index=index, **more)


ONE, OTHER = {"pci_address": "00000000:1B:00.0"}, {"pci_address": "00000000:43:00.0"}


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        # two of one name, of which nothing but the address or the UUID tells that they are two
        ((gpu(**ONE),), (gpu(**OTHER),), (gpu(**ONE), gpu(**OTHER))),
        ((gpu(uuid="GPU-1"),), (gpu(uuid="GPU-2"),), (gpu(uuid="GPU-1"), gpu(uuid="GPU-2"))),
        ((gpu(0), gpu(1)), (gpu(), gpu(), gpu()), (gpu(0), gpu(1), gpu())),
        ((gpu(),), (gpu(), gpu()), (gpu(), gpu())),
        ((gpu(0),), (gpu(1),), (gpu(0), gpu(1))),
        ((gpu(**ONE),), (gpu(0, **OTHER),), (gpu(**ONE), gpu(0, **OTHER))),
        # one, told twice
        ((gpu(),), (gpu(),), (gpu(),)),
        ((gpu(),), (gpu(0, power_watts=70.0),), (gpu(0, power_watts=70.0),)),
        ((gpu(0), gpu(1)), (gpu(power_watts=70.0), gpu(power_watts=80.0)), (gpu(0, power_watts=70.0), gpu(1, power_watts=80.0))),
        ((gpu(0, **ONE),), (gpu(pci_address="1b:00.0"),), (gpu(0, **ONE),)),
        ((gpu(0, name="NVIDIA GeForce RTX 208..."),), (gpu(0, name="GeForce RTX 2080 Ti"),), (gpu(0, name="GeForce RTX 2080 Ti"),)),
        # the order of the second list is another one
        ((gpu(0, **ONE), gpu(1, **OTHER)), (gpu(vbios="b", **OTHER), gpu(vbios="a", **ONE)), (gpu(0, vbios="a", **ONE), gpu(1, vbios="b", **OTHER))),
        # one of two, and nobody can tell which: it adds nothing
        ((gpu(0), gpu(1)), (gpu(power_watts=70.0),), (gpu(0), gpu(1))),
        # three against two, and nobody can tell which is which: it is known how many there are
        ((gpu(0), gpu(1)), (gpu(power_watts=1.0), gpu(power_watts=2.0), gpu(power_watts=3.0)), (gpu(0), gpu(1), gpu())),
        ((gpu(uuid="GPU-1"), gpu(uuid="GPU-2")), (gpu(0), gpu(1), gpu(2)), (gpu(uuid="GPU-1"), gpu(uuid="GPU-2"), gpu())),
        # the first list knows names alone: any order gives the same
        ((gpu(),), (gpu(0, power_watts=70.0), gpu(1, power_watts=80.0)), (gpu(0, power_watts=70.0), gpu(1, power_watts=80.0))),
        ((gpu(), gpu()), (gpu(power_watts=70.0),), (gpu(power_watts=70.0), gpu())),
        # domains tell two places apart that are equal in all else
        ((gpu(pci_address="0009:01:00.0"),), (gpu(pci_address="0019:01:00.0"),), (gpu(pci_address="0009:01:00.0"), gpu(pci_address="0019:01:00.0"))),
        ((gpu(0),), (gpu(0, name="NVIDIA A100"),), (gpu(0), gpu(0, name="NVIDIA A100"))),
    ],
)  # fmt: skip
def test_two_lists_of_gpus(first: tuple[Gpu, ...], second: tuple[Gpu, ...], together: tuple[Gpu, ...]):
    assert join(first, second) == together


def test_a_list_that_is_told_again_changes_nothing():
    known = (gpu(0, **ONE), gpu(1, **OTHER), gpu(), gpu())
    assert join(known, known) == known
