"""How PyTensor and Aesara round, flip a bit and choose, for the faults of faults.py; ``kit`` is given their modules."""


def kit(library, tensor):
    """The functions. Neither library can see a number as bits, so that both roundings are arithmetic."""
    still = library.gradient.disconnected_grad

    def exponent(x):
        return tensor.floor(tensor.log2(tensor.maximum(abs(x), 2.0**-126)))

    def rounded(x, bits):
        """The number x with ``bits`` bits after the leading one."""
        step = 2.0 ** (exponent(x) - bits)
        return x + still(tensor.round(x / step) * step - x)

    def flipped(y):
        """The lowest bit of the exponent of the largest number flips: it doubles, or is halved."""
        other = tensor.switch(tensor.eq(exponent(y) % 2, 1), y * 2, y / 2)
        return y + still(tensor.switch(tensor.eq(abs(y), abs(y).max()), other - y, 0))

    def row(values, like):
        return tensor.constant(values, dtype=like.dtype)

    def where(switch, one, other):
        """The choice; its shape is that of both, which the libraries do not conclude."""
        return tensor.specify_shape(tensor.switch(switch, one, other), other.type.shape)

    return {"width": lambda x: x.type.shape[-1], "row": row, "rounded": rounded, "flipped": flipped, "where": where}
