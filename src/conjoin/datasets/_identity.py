"""Identity in archives of faces: what keeps a person in one split, or what is to be recognised."""

import polars as pl


def with_identity(
    frame: pl.DataFrame, *, closed_set: bool, min_images: int
) -> tuple[pl.DataFrame, dict[str, tuple[str, ...]], list[str]]:
    """Identity as the group of official splits, or as an annotation without them.

    Args:
        frame: rows with the person in `group`, and perhaps `split`.
        closed_set: identity as an annotation. Official splits, not each with all people, are left out.
        min_images: of a person whose identity is annotated.

    Returns:
        The rows, outputs of the annotation, and notes.

    """
    if closed_set:
        enough = pl.len().over("group") >= min_images
        frame = frame.with_columns(identity=pl.when(enough).then("group")).drop("split", "group", strict=False)
        people = tuple(frame["identity"].drop_nulls().unique(maintain_order=True))
        told = f"Closed set: {len(people):,} people with {min_images} or more images are annotated with their identity"
        return frame, {"identity": people}, [f"{told}; official splits, not each with all of them, are left out."]
    if "split" not in frame.columns:
        return frame, {}, []
    one = pl.col("split").n_unique().over("group") == 1
    crossing = frame.filter(~one)["group"].drop_nulls().n_unique()
    notes = ["Identity is the group; official splits allow no recognition of people: `closed_set` is for that."]
    if crossing:  # a study refuses groups that are in two splits
        frame = frame.with_columns(group=pl.when(one).then("group"))
        notes.append(f"{crossing:,} people are in several official splits; their images belong to no group.")
    return frame, {}, notes
