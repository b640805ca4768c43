"""How TensorFlow does what exercise.py asks for. Words have 64 bits: it keeps those of 32 in the memory of the host."""

import numpy as np
import tensorflow as tf


def kit(name, memory_available):
    """The functions, for a device as dlcheck names it."""
    kind, _, at = name.partition(":")
    known = "%s:%s" % ({"cuda": "GPU", "metal": "GPU"}.get(kind, kind.upper()), at or "0")
    place = "/device:" + known

    def there(function):
        def run(*arguments):
            with tf.device(place):
                return function(*arguments)

        return run

    def matrices(side):
        stream = np.random.RandomState(side)
        one, two = (stream.randint(-8, 9, (side, side)) for _ in range(2))
        return one, two, tf.identity(one.astype("float32")), tf.identity(two.astype("float32"))

    def counted(words, first):
        return tf.identity(np.arange(first, first + words, dtype="int64"))

    def unequal(x, y):
        other = tf.fill([1], tf.constant(signed(y), tf.int64)) if isinstance(y, int) else y
        # Sums of whole numbers have no kernel on every device; of float32 they do, and are exact up to 2^24.
        return int(tf.reduce_sum(tf.cast(tf.not_equal(x, other), tf.float32)))

    def free():
        if kind == "cpu":
            return memory_available()
        from tensorflow.python.client import device_lib

        limits = {one.name: one.memory_limit for one in device_lib.list_local_devices()}
        used = tf.config.experimental.get_memory_info(known)
        return limits.get(place, 2**30) - used["current"]

    return {
        "cpu": kind == "cpu",
        "matrices": there(matrices),
        "wrong": wrong,
        "multiply": there(tf.linalg.matmul),
        "cast": there(tf.cast),
        "settle": lambda x: x[:1].numpy(),
        "word": 8,
        "filled": there(lambda words, value: tf.fill([words], tf.constant(signed(value), tf.int64))),
        "counted": there(counted),
        # An identity shares its memory; adding nothing to whole numbers does not.
        "copy": there(lambda x: x + tf.zeros([1], x.dtype)),
        "unequal": there(unequal),
        "free": free,
    }


def signed(value):
    """The word as the signed number that has the same bits."""
    return value - 2**64 if value >= 2**63 else value


def wrong(one, two, product):
    """How many of the checked sums are wrong; 0 for a right product."""
    vectors = np.random.RandomState(7).randint(-8, 9, (two.shape[1], 4))
    return int((product.numpy().astype("int64") @ vectors != one @ (two @ vectors)).sum())
