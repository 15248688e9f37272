"""Data sets, each brought to images with annotations."""

from conjoin.datasets._digits import Table, digits

__all__ = ["Table", "digits"]
