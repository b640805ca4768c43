"""Installs frameworks into virtual environments: a verb, and the parts that only it is made of."""
