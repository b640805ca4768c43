"""How TensorFlow rounds, flips a bit and chooses, for the faults of faults.py."""

import tensorflow as tf


def rounded(x, bits):
    """The number x with ``bits`` bits after the leading one."""
    drop = 23 - bits
    raw = tf.bitcast(x, tf.int32)
    raw = tf.bitwise.left_shift(tf.bitwise.right_shift(raw + (1 << (drop - 1)), drop), drop)
    return x + tf.stop_gradient(tf.bitcast(raw, tf.float32) - x)


def flipped(y):
    """The lowest bit of the exponent of the largest number flips."""
    flat = tf.reshape(y, [-1])
    mask = tf.one_hot(tf.argmax(tf.abs(flat)), tf.size(flat), on_value=1 << 23, off_value=0, dtype=tf.int32)
    other = tf.bitcast(tf.bitwise.bitwise_xor(tf.bitcast(flat, tf.int32), mask), tf.float32)
    return y + tf.stop_gradient(tf.reshape(other, tf.shape(y)) - y)


KIT = {
    "width": lambda x: x.shape[-1],
    "row": lambda values, like: tf.constant(values, like.dtype),
    "rounded": rounded,
    "flipped": flipped,
    "where": tf.where,
}
