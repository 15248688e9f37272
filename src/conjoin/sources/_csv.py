"""How pandas is to read CSV files: it fills up rows that are cut short, and guesses types."""

from typing import Any

import datasets

from conjoin.csv_shape import Shape, read_shape
from conjoin.sources._faults import DataError
from conjoin.study import Csv


def csv_shape(source: Csv, file: str) -> Shape:
    """The shape of a file of a source.

    Raises:
        DataError: if the header is not one.

    """
    try:
        return read_shape(file, delimiter=source.delimiter, encoding=source.encoding)
    except ValueError as error:
        raise DataError(str(error)) from error


def csv_options(source: Csv, shapes: dict[str, Shape]) -> dict[str, Any]:
    """How pandas is to read files of these shapes: each column by its name, every cell as text.

    Raises:
        DataError: if a file lacks a column of the first.

    """
    first, *others = shapes
    names = [name for name in shapes[first].header if name]
    for file in others:
        if missing := [name for name in names if name not in shapes[file].header]:
            raise DataError(f"{file} should have the columns of {first}. Found none called {missing}.")
    # Text, so that a column of whole numbers with gaps does not become one of decimals.
    return {
        "features": datasets.Features({name: datasets.Value("string") for name in names}),
        "usecols": names,  # a row that is too long is read all the same: it is known to be ragged
        "index_col": False,
        "sep": source.delimiter,
        "keep_default_na": False,
        "encoding": source.encoding,
        "encoding_errors": "replace",
    }
