"""A study from its file to a folder of results: train one network, or compare arms."""

from conjoin.runs._compare import compare
from conjoin.runs._train import train

__all__ = ["compare", "train"]
