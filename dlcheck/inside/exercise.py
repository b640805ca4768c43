"""What the longer levels ask of a device beyond training: large products, copies, memory patterns, load.

Products are of small integers, so that every float32 holds them exactly (in TF32 and bfloat16 factors, too), and are checked
after Freivalds: C v = A (B v) for a few vectors v, in whole numbers on the CPU, which is another unit than the one that
multiplied. The flow stands here once; how a framework does each thing stands in exercise_<framework>.py, whose ``kit(device,
options)`` gives:

    cpu              whether the device is the CPU
    matrices(side)   two matrices of integers from -8 to 8: as whole numbers on the CPU, and as float32 on the device
    wrong(a, b, c)   how many of the checked sums of the product c are wrong
    multiply, cast   of arrays on the device
    settle(x)        wait until x is computed
    word             bytes of a word of memory
    filled, counted  (words, value) and (words, first): a new array on the device
    copy, unequal    of arrays; the number of unequal words
    free()           bytes that are free on the device, None where nobody says
"""

import time

PATTERNS = (0x00, 0xFF, 0xAA, 0x55)
BLOCK = 64 * 2**20
MOMENT, ENOUGH = 0.05, 2.0
"""Seconds that a measurement takes at least, and after which none is begun."""


def exercises(level, kit):
    """The exercises of a level, as (name, function of the options)."""
    found = [("large-products", products), ("memory-copy", copies)]
    if level == "long":
        found += [("memory-patterns", patterns), ("sustained-load", sustained)]
    return [(name, lambda options, function=function: function(kit, options)) for name, function in found]


def per_second(kit, action, amount):
    """How much of ``amount`` an action does in a second, at its best of five.

    Short actions are repeated until time can be read, long ones are not done again.
    """
    best, times, ends = 0.0, 1, time.monotonic() + ENOUGH
    for at in range(5):
        if at and time.monotonic() > ends:
            break
        began = time.monotonic()
        for _ in range(times):
            last = action()
        kit["settle"](last)
        taken = max(time.monotonic() - began, 1e-9)
        best = max(best, times * amount / taken)
        times = max(times, int(times * MOMENT / taken))
    return best


def products(kit, _):
    """Products of two sizes, checked; the best speed of each dtype."""
    sides = (256, 1024) if kit["cpu"] else (1024, 4096)
    wrong, measured = 0, {}
    for side in sides:
        whole_one, whole_two, one, two = kit["matrices"](side)
        wrong += kit["wrong"](whole_one, whole_two, kit["multiply"](one, two))
    for dtype in ("float32", "bfloat16"):
        try:
            left, right = kit["cast"](one, dtype), kit["cast"](two, dtype)
            speed = per_second(kit, lambda left=left, right=right: kit["multiply"](left, right), 2 * side**3)
        except Exception:
            # Not every device multiplies bfloat16, and only its speed is asked for here.
            if dtype == "float32":
                raise
            continue
        measured["operations_per_second_" + dtype] = speed
    return {"wrong": wrong, "checked": 4 * sum(sides), "measured": measured}


def copies(kit, _):
    """A copy within the device, compared, and its speed (bytes read and written)."""
    size = BLOCK if kit["cpu"] else 4 * BLOCK
    source = kit["counted"](size // kit["word"], 0)
    speed = per_second(kit, lambda: kit["copy"](source), 2 * size)
    return {
        "wrong": kit["unequal"](kit["copy"](source), source),
        "checked": size // kit["word"],
        "measured": {"copy_bytes_per_second": speed},
    }


def fillable(kit, options):
    """Bytes that may be filled: four fifths of what is free on a GPU, a quarter of it on the CPU, for all its parts together."""
    free = kit["free"]() or 2**30
    part = free // 4 // max(1, options.get("logical_devices") or 1) if kit["cpu"] else free * 4 // 5
    return min(part, options.get("memory_limit") or part)


def memory_available():
    """Bytes that the system could still give, None where it does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            lines = dict(line.split(":") for line in stream)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def patterns(kit, options):
    """Fill most of the free memory, block by block, and read it back, for each pattern and its address."""
    blocks, words = max(1, fillable(kit, options) // BLOCK), BLOCK // kit["word"]
    wrong = 0
    for pattern in PATTERNS:
        value = int.from_bytes(bytes([pattern] * kit["word"]), "little")
        held = [kit["filled"](words, value) for _ in range(blocks)]
        wrong += sum(kit["unequal"](one, value) for one in held)
        # What is held must be given back first, or there is no room for the next.
        del held
    held = [kit["counted"](words, at * words) for at in range(blocks)]
    wrong += sum(kit["unequal"](one, kit["counted"](words, at * words)) for at, one in enumerate(held))
    return {"wrong": wrong, "checked": blocks * words * 5, "measured": {"tested_bytes": blocks * BLOCK}}


def sustained(kit, options):
    """Multiply for a while; every product must be equal to the first, which was checked; the speed over time."""
    side = 1024 if kit["cpu"] else 4096
    whole_one, whole_two, one, two = kit["matrices"](side)
    first = kit["multiply"](one, two)
    wrong = kit["wrong"](whole_one, whole_two, first)
    ends, done, speeds = time.monotonic() + options.get("load_seconds", 300), 0, []
    while not speeds or time.monotonic() < ends:
        began, count = time.monotonic(), 0
        while not count or time.monotonic() - began < 1.0:
            wrong += kit["unequal"](kit["multiply"](one, two), first)
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
