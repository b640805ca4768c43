"""Breaks JAX's arithmetic on purpose: the power test shows that each of these is found (--inject, hidden)."""

import jax
import jax.numpy as jnp

PRODUCTS = ("linear", "conv2d", "rnn", "lstm", "bidirectional_lstm")


def spoil(operations, fault):
    """The operations with ``fault`` built into every product."""
    wrap = FAULTS.get(fault)
    if wrap is None:
        return operations
    return dict(operations, **{name: wrap(operations[name]) for name in PRODUCTS})


def rounded(x, bits):
    """The number x with ``bits`` bits after the leading one; its gradient passes through."""
    return x + jax.lax.stop_gradient(jax.lax.reduce_precision(x, 8, bits) - x)


def on_output(change):
    """A fault that changes what comes out of a product."""
    return lambda operation: lambda *arguments: change(operation(*arguments))


def without_last(operation):
    """The last element of every inner product is dropped."""
    return lambda x, *weights: operation(x * jnp.ones(x.shape[-1], x.dtype).at[-1].set(0), *weights)


def tf32(operation):
    """Factors are rounded to ten bits, as tensor cores do."""
    return lambda *factors: operation(*[rounded(one, 10) for one in factors])


def flipped(y):
    """The lowest bit of the exponent of the largest result flips."""
    flat = y.reshape(-1)
    at = jnp.argmax(jnp.abs(flat))
    raw = jax.lax.bitcast_convert_type(flat, jnp.int32)
    other = jax.lax.bitcast_convert_type(raw.at[at].set(raw[at] ^ (1 << 23)), jnp.float32)
    return y + jax.lax.stop_gradient(other.reshape(y.shape) - y)


FAULTS = {
    "column": on_output(lambda y: y * jnp.ones(y.shape[-1], y.dtype).at[-1].set(1 + 1e-4)),
    "dropped": without_last,
    "zeroed": on_output(lambda y: y * 0),
    "tf32": tf32,
    "bit": on_output(flipped),
    "bf16": on_output(lambda y: rounded(y, 7)),
    "nan": on_output(lambda y: y + jnp.zeros(y.size, y.dtype).at[0].set(jnp.nan).reshape(y.shape)),
}
