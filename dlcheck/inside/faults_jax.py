"""How JAX rounds, flips a bit and chooses, for the faults of faults.py."""

import jax
import jax.numpy as jnp


def rounded(x, bits):
    """The number x with ``bits`` bits after the leading one."""
    return x + jax.lax.stop_gradient(jax.lax.reduce_precision(x, 8, bits) - x)


def flipped(y):
    """The lowest bit of the exponent of the largest number flips."""
    flat = y.reshape(-1)
    at = jnp.argmax(jnp.abs(flat))
    raw = jax.lax.bitcast_convert_type(flat, jnp.int32)
    other = jax.lax.bitcast_convert_type(raw.at[at].set(raw[at] ^ (1 << 23)), jnp.float32)
    return y + jax.lax.stop_gradient(other.reshape(y.shape) - y)


KIT = {
    "width": lambda x: x.shape[-1],
    "row": lambda values, like: jnp.array(values, like.dtype),
    "rounded": rounded,
    "flipped": flipped,
    "where": jnp.where,
}
