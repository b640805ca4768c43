"""Breaks TensorFlow's arithmetic on purpose: the power test shows that each of these is found (--inject, hidden)."""

import tensorflow as tf

PRODUCTS = ("linear", "conv2d", "rnn", "lstm", "bidirectional_lstm")


def spoil(operations, fault):
    """The operations with ``fault`` built into every product."""
    wrap = FAULTS.get(fault)
    if wrap is None:
        return operations
    return dict(operations, **{name: wrap(operations[name]) for name in PRODUCTS})


def rounded(x, bits):
    """The number x with ``bits`` bits after the leading one; its gradient passes through."""
    drop = 23 - bits
    raw = tf.bitcast(x, tf.int32)
    raw = tf.bitwise.left_shift(tf.bitwise.right_shift(raw + (1 << (drop - 1)), drop), drop)
    return x + tf.stop_gradient(tf.bitcast(raw, tf.float32) - x)


def on_output(change):
    """A fault that changes what comes out of a product."""
    return lambda operation: lambda *arguments: change(operation(*arguments))


def column(y):
    """The last column comes out a ten-thousandth too large."""
    return y * tf.constant([1.0] * (y.shape[-1] - 1) + [1 + 1e-4], y.dtype)


def spot(y, value):
    """An array like y with one value in its first place."""
    size = y.shape.num_elements()
    return tf.reshape(tf.constant([value] + [0.0] * (size - 1), y.dtype), y.shape)


def without_last(operation):
    """The last element of every inner product is dropped."""
    return lambda x, *weights: operation(x * tf.constant([1.0] * (x.shape[-1] - 1) + [0.0], x.dtype), *weights)


def tf32(operation):
    """Factors are rounded to ten bits, as tensor cores do."""
    return lambda *factors: operation(*[rounded(one, 10) for one in factors])


def flipped(y):
    """The lowest bit of the exponent of the largest result flips."""
    flat = tf.reshape(y, [-1])
    at = tf.argmax(tf.abs(flat), output_type=tf.int32)
    mask = tf.one_hot(at, flat.shape[0], on_value=1 << 23, off_value=0, dtype=tf.int32)
    other = tf.bitcast(tf.bitwise.bitwise_xor(tf.bitcast(flat, tf.int32), mask), tf.float32)
    return y + tf.stop_gradient(tf.reshape(other, y.shape) - y)


FAULTS = {
    "column": on_output(column),
    "dropped": without_last,
    "zeroed": on_output(lambda y: y * 0),
    "tf32": tf32,
    "bit": on_output(flipped),
    "bf16": on_output(lambda y: rounded(y, 7)),
    "nan": on_output(lambda y: y + spot(y, float("nan"))),
}
