"""What the longer levels ask of a device beyond training, in PyTorch: large products, copies, memory patterns, load.

Products are of small integers, so that every float32 holds them exactly, and are checked after Freivalds: C v = A (B v) for
a few vectors v, in int64 on the CPU, which is another unit than the one that multiplied.
"""

import time

import torch

PATTERNS = (0x00, 0xFF, 0xAA, 0x55)
BLOCK = 64 * 2**20


def exercises(options):
    """The exercises of a level, as (name, function)."""
    found = [("large-products", products), ("memory-copy", copies)]
    if options["level"] == "long":
        found += [("memory-patterns", patterns), ("sustained-load", load)]
    return found


def settle(device):
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "xpu":
        torch.xpu.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def factors(device, side):
    """Two matrices of integers from -8 to 8."""
    stream = torch.Generator().manual_seed(side)
    one = torch.randint(-8, 9, (side, side), generator=stream)
    two = torch.randint(-8, 9, (side, side), generator=stream)
    return one, two, one.float().to(device), two.float().to(device)


def wrong_columns(whole_one, whole_two, product):
    """How many of the checked sums are wrong; 0 for a right product."""
    vectors = torch.randint(-8, 9, (whole_two.shape[1], 4), generator=torch.Generator().manual_seed(7))
    wanted = whole_one @ (whole_two @ vectors)
    got = product.cpu().to(torch.int64) @ vectors
    return int((got != wanted).sum())


def products(device, _):
    """Products of three sizes; the best speed of each dtype."""
    sides = (256, 1024) if device.type == "cpu" else (1024, 4096)
    wrong, measured = 0, {}
    for side in sides:
        whole_one, whole_two, one, two = factors(device, side)
        wrong += wrong_columns(whole_one, whole_two, one @ two)
    for dtype in (torch.float32, torch.bfloat16):
        left, right, best = one.to(dtype), two.to(dtype), float("inf")
        for _ in range(4):
            began = time.monotonic()
            left @ right
            settle(device)
            best = min(best, time.monotonic() - began)
        measured["operations_per_second_" + str(dtype).rpartition(".")[2]] = 2 * side**3 / best
    return {"wrong": wrong, "checked": 4 * sum(sides), "measured": measured}


def copies(device, _):
    """A copy within the device, compared, and its speed (bytes read and written)."""
    size = BLOCK if device.type == "cpu" else 4 * BLOCK
    source = torch.arange(size // 8, device=device, dtype=torch.int64)
    target, best = torch.empty_like(source), float("inf")
    for _ in range(4):
        began = time.monotonic()
        target.copy_(source)
        settle(device)
        best = min(best, time.monotonic() - began)
    return {
        "wrong": int((target != source).sum()),
        "checked": source.numel(),
        "measured": {"copy_bytes_per_second": 2 * size / best},
    }


def free_bytes(device):
    """Memory that may be filled: four fifths of what is free on a GPU, a quarter of it on the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * 0.8)
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            lines = dict(line.split(":") for line in stream)
        return int(lines["MemAvailable"].split()[0]) * 1024 // 4
    except (OSError, KeyError, ValueError):
        return 2**30


def patterns(device, options):
    """Fill most of the free memory, block by block, and read it back, for each pattern and its address."""
    blocks = max(1, min(free_bytes(device), options.get("memory_limit") or 2**63) // BLOCK)
    held = [torch.empty(BLOCK // 8, dtype=torch.int64, device=device) for _ in range(blocks)]
    wrong = 0
    for pattern in PATTERNS:
        value = int.from_bytes(bytes([pattern] * 8), "little", signed=True)
        for one in held:
            one.fill_(value)
        for one in held:
            wrong += int((one != value).sum())
    for at, one in enumerate(held):
        torch.arange(at * one.numel(), (at + 1) * one.numel(), out=one)
    for at, one in enumerate(held):
        wrong += int((one != torch.arange(at * one.numel(), (at + 1) * one.numel(), device=device)).sum())
    return {"wrong": wrong, "checked": blocks * BLOCK // 8 * 5, "measured": {"tested_bytes": blocks * BLOCK}}


def load(device, options):
    """Multiply for a while; every product must be equal to the first, which was checked; the speed over time."""
    side = 1024 if device.type == "cpu" else 4096
    whole_one, whole_two, one, two = factors(device, side)
    first = one @ two
    wrong = wrong_columns(whole_one, whole_two, first)
    ends, done, speeds = time.monotonic() + options.get("load_seconds", 300), 0, []
    while time.monotonic() < ends:
        began, count = time.monotonic(), 0
        while time.monotonic() - began < 1.0:
            wrong += int((one @ two != first).sum())
            count += 1
        speeds.append(count * 2 * side**3 / (time.monotonic() - began))
        done += count
    speeds.sort()
    measured = {
        "operations_per_second_median": speeds[len(speeds) // 2],
        "operations_per_second_lowest": speeds[0],
        "products": done,
    }
    return {"wrong": wrong, "checked": done * side * side, "measured": measured}
