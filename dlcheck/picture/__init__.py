"""How many reports become one picture: pure steps, each over digests of a few hundred bytes instead of whole reports."""
