"""How JAX does what exercise.py asks for. Words have 32 bits: JAX has longer ones only where float64 was asked for."""

import jax
import jax.numpy as jnp
import numpy as np


def kit(device, memory_available):
    """The functions, for a device of JAX."""

    def matrices(side):
        stream = np.random.RandomState(side)
        one, two = (stream.randint(-8, 9, (side, side)) for _ in range(2))
        return one, two, put(one.astype("float32")), put(two.astype("float32"))

    def put(array):
        return jax.device_put(array, device)

    def counted(words, first):
        with jax.default_device(device):
            return jnp.arange(words, dtype="uint32") + np.uint32(first % 2**32)

    def filled(words, value):
        return jnp.full((words,), np.uint32(value), device=device)

    def unequal(x, y):
        return int((x != (np.uint32(y) if isinstance(y, int) else y)).sum())

    def free():
        stats = device.memory_stats() if device.platform != "cpu" else None
        if device.platform == "cpu":
            return memory_available()
        return stats["bytes_limit"] - stats["bytes_in_use"] if stats and "bytes_limit" in stats else None

    return {
        "cpu": device.platform == "cpu",
        "matrices": matrices,
        "wrong": wrong,
        "multiply": jnp.matmul,
        "cast": lambda x, dtype: x.astype(dtype),
        "settle": lambda x: x.block_until_ready(),
        "word": 4,
        "filled": filled,
        "counted": counted,
        "copy": jnp.copy,
        "unequal": unequal,
        "free": free,
    }


def wrong(one, two, product):
    """How many of the checked sums are wrong; 0 for a right product."""
    vectors = np.random.RandomState(7).randint(-8, 9, (two.shape[1], 4))
    return int((np.asarray(product).astype("int64") @ vectors != one @ (two @ vectors)).sum())
