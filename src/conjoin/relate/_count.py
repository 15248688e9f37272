"""Relation tables counted from rows that are annotated for both tasks."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import betaincinv

from conjoin.cells import alike, spell
from conjoin.names import nearest
from conjoin.relate._prior import prior_rows
from conjoin.relate._rows import Rows, Scan, scan
from conjoin.relate._sums import Columns, Sums, sum_classes, sum_labels, sum_lists
from conjoin.relate._table import CONFIDENCE, Kind, RelationTable

Some = Float[np.ndarray, "*classes outputs"]


def count_relation(
    rows: Rows,
    source: str,
    targets: str | Sequence[str],
    *,
    classes: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    missing: Collection[str | int] | Mapping[str, Collection[str | int]] = (),
    weight: str | None = None,
    prior: float | None = None,
) -> RelationTable:
    """Count P(target | source) over the rows annotated for both, streaming: memory does not grow with the rows.

    Smoothing, intervals and effective counts: see `estimate`.

    Args:
        rows: a polars frame, or CSV, Parquet or JSON-lines files (a path, several, or a pattern such as `*.parquet`).
        source: column of source classes, names or codes.
        targets: a list of label columns (1, 0 or nothing); or one column, as a string: of lists of
            the labels present, or of classes that exclude each other.
        classes: names of the source classes in order; whole numbers in the column are their codes, unless a name
            is a number itself. All names that occur if not given.
        outputs: names of the target's labels or classes, likewise.
        missing: codes that mean "not annotated" (-1 too) besides null, NaN, empty text and the text nan that is no
            given name: for all columns, or by column. Cells are read as `conjoin.sources` reads them.
        weight: column of row weights, such as 1 / sampling probability. Counts are then effective
            counts after Kish, (sum w)^2 / sum w^2.
        prior: how many rows the base rate is worth; told by the counts (`prior_rows`) if not given.

    Raises:
        FileNotFoundError: if a file does not exist.
        ValueError: if a column does not exist or holds something else, with file and row; if no row is
            annotated for both.

    """
    if prior is not None and not (np.isfinite(prior) and prior > 0):
        raise ValueError(f"`prior` should be a number above 0. Found {prior}.")
    names = [targets] if isinstance(targets, str) else list(targets)
    if not names or len({source, *names, *([weight] if weight else [])}) < 1 + len(names) + bool(weight):
        raise ValueError(f"`source`, `targets` and `weight` should be different columns. Found {[source, *names]}.")
    if outputs is not None and not isinstance(targets, str):
        raise ValueError("`outputs` should not be given with label columns: they are the outputs.")
    for argument, given in (("classes", classes), ("outputs", outputs)):
        if pair := alike(given or ()):
            raise ValueError(f"`{argument}` should be names that cells tell apart. Found {pair[0]!r} and {pair[1]!r}.")
    found = scan(rows, {source: "source"} | dict.fromkeys(names, "targets") | ({weight: "weight"} if weight else {}))
    columns = Columns(found, source, weight, _codes(missing, [source, *names]), classes, outputs)
    kind: Kind = "multi-label"
    try:
        if weight:
            _check_weights(found, weight)
        if not isinstance(targets, str):
            sums = sum_labels(columns, names)
        elif isinstance(found.schema[targets], pl.List):
            sums = sum_lists(columns, targets)
        else:
            kind, sums = "multi-class", sum_classes(columns, targets)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"`rows` should be readable. Found in {found.name}: {error}") from error
    what = targets if isinstance(targets, str) else f"{len(names)} label{'s' * (len(names) > 1)}"
    if not sums.known.any():
        raise ValueError(
            f"`rows` should hold rows annotated for both {source} and {what}. Found none in {found.name}. "
            "Tasks that were never annotated together need a table from elsewhere."
        )
    origin = f"counted over {source} and {what} in {found.name}"
    return estimate(sums, kind, f"{origin}, weighted by {weight}: effectively" if weight else f"{origin}:", prior=prior)


def estimate(sums: Sums, kind: Kind, origin: str, *, prior: float | None = None) -> RelationTable:
    """P(target | source) from sums over the rows annotated for both.

    Every class starts from `prior` rows at the base rate of each output (as many as the classes together tell),
    so that a class without co-annotated rows says nothing: its row is the base rates. (Jeffreys' half counts would
    claim 50 % for every label of such a class.) With n effective rows, of which the weighted share p has the output,
    and base rate b, the cell's posterior is Beta(prior b + n p, prior (1 - b) + n (1 - p)), also for a
    multi-class target, where it is the marginal of a Dirichlet distribution. Its mean is the cell, its central
    95 % the interval. The base rates are smoothed themselves by one row spread evenly over the outcomes.

    Args:
        sums: of the weights of rows.
        kind: of the target.
        origin: where the rows come from; their effective number is added.
        prior: how many rows the base rate is worth; told by the counts (`prior_rows`) if not given.

    """
    share, count = _share(sums.present, sums.known, sums.squares)
    overall, rows = _share(sums.present.sum(0), sums.known.sum(0), sums.squares.sum(0))
    outcomes = len(sums.outputs) if kind == "multi-class" else 2
    base = (overall * rows + 1 / outcomes) / (rows + 1)
    worth = prior_rows(count * share, count, base, kind) if prior is None else prior
    present, absent = worth * base + count * share, worth * (1 - base) + count * (1 - share)
    tail = (1 - CONFIDENCE) / 2
    # rounding may leave a sum a hair above one
    probability = np.minimum(present / (present + absent), 1.0)
    return RelationTable(
        sums.classes,
        sums.outputs,
        kind,
        probability,
        f"{origin} {rows.max():,.0f} rows annotated for both",
        count,
        np.asarray(betaincinv(present, absent, tail)),
        np.asarray(betaincinv(present, absent, 1 - tail)),
    )


def _share(present: Some, known: Some, squares: Some) -> tuple[Some, Some]:
    """Weighted share and Kish's effective count; both 0 where nothing is known."""
    some = known > 0
    share = np.divide(present, known, out=np.zeros_like(known), where=some)
    return share, np.divide(known**2, squares, out=np.zeros_like(known), where=some)


def _codes(
    missing: Collection[str | int] | Mapping[str, Collection[str | int]], columns: list[str]
) -> dict[str, set[str]]:
    if isinstance(missing, str):
        raise ValueError(f"`missing` should be a collection of codes. Found the string {missing!r}.")
    if not isinstance(missing, Mapping):
        missing = dict.fromkeys(columns, missing)
    for column in missing:
        if column not in columns:
            raise ValueError(f"`missing` should name columns in use. Found {column!r}. {nearest(str(column), columns)}")
    return {column: set(spell(missing.get(column, ()))) for column in columns}


def _check_weights(found: Scan, weight: str) -> None:
    if not (found.schema[weight].is_numeric() or found.schema[weight] == pl.String):
        raise ValueError(f"`weight` should be a column of numbers. Found {found.schema[weight]} in {weight!r}.")
    value = pl.col(weight).cast(pl.Float64, strict=False)
    wrong = ~(value.is_finite() & (value >= 0)).fill_null(False)
    if found.frame.select(wrong.any()).collect(engine="streaming").item():
        raise ValueError(f"`weight` should be finite and at least 0 in every row. Found {found.first(weight, wrong)}.")
