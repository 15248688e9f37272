"""Aff-Wild2: faces in the frames of videos, annotated with expressions and action units for the ABAW competitions."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from conjoin.datasets._aff_wild2_lists import EXPRESSIONS, UNITS, read_expressions, read_lists, read_units
from conjoin.datasets._archive import About, Archive, find, listing, with_files

ABOUT = About(
    title="Aff-Wild2",
    citation="Kollias & Zafeiriou, Expression, affect, action unit recognition: Aff-Wild2, multi-task learning and "
    "ArcFace, BMVC 2019",
    access="Aff-Wild2 is given by its authors for non-commercial research, as far as known on an agreement signed by a "
    "permanent member of a university (ibug.doc.ic.ac.uk/resources/aff-wild2).",
)

_EXPRESSION_SETS = ("EXPR_Set", "EXPR_Classification_Challenge", "EXPR_Recognition_Challenge")
_UNIT_SETS = ("AU_Set", "AU_Detection_Challenge")
_LISTS = ("MTL_Challenge",)
_KEYS = ("video", "frame", "split")


def aff_wild2(
    root: str | Path,
    *,
    annotations: str | None = None,
    multitask: bool = False,
    aligned: bool = True,
    every: int = 1,
) -> Archive:
    """Read Aff-Wild2, with the annotations of any of the ABAW competitions.

    Annotations: `expression` (seven classes in the first competition and the second, from the third `other` too) and
    `action_units` (eight in the first, later twelve), each where its set is there. A frame may have either or both. The
    official validation set is read as test: labels of the test set are not public. `group` is the video. Valence and
    arousal are left out, and frames without any annotation.

    Args:
        root: the folder that holds `cropped_aligned` and the sets, or a folder called annotations with these.
        annotations: folder of the annotations below `root`, where there are those of several competitions.
        multitask: read the lists of `MTL_Challenge` and not the sets; done too where there are no sets.
        aligned: the aligned faces (`cropped_aligned`) instead of those that are only cut out (`cropped`).
        every: read every n-th frame of each video; neighbours hardly differ.

    Raises:
        FileNotFoundError: if annotations or faces are not there.
        ValueError: if a line is not understood, there are annotations of several competitions, or `every` is below 1.

    """
    if every < 1:
        raise ValueError(f"`every` should be 1 or more. Found {every}.")
    root = Path(root).absolute()
    place = root if annotations is None else find(root, ABOUT, annotations)
    frames, outputs, notes = _annotated(place, multitask)
    frames, crossing = _in_one_split(frames)
    frame = frames[0]
    for other in frames[1:]:
        frame = frame.join(other, on=_KEYS, how="full", coalesce=True)
    frame = frame.filter((pl.col("frame") - 1) % every == 0)
    known = frame.filter(pl.any_horizontal(pl.exclude(_KEYS).is_not_null())).sort("video", "frame")
    bare = len(frame) - len(known)
    frame, lost = with_files(_with_images(known, root, aligned), "frames")
    notes += [
        f"{'Aligned' if aligned else 'Not aligned'} faces; {'all frames' if every == 1 else f'1 of {every} frames'}.",
        "The official validation set is read as test; validation can be drawn from train.",
        "Valence and arousal are left out: they are no classes.",
        *crossing,
        *([f"{bare:,} frames are annotated with nothing that is read and are left out."] if bare else []),
    ]
    return Archive(ABOUT, frame, outputs, (*notes, *lost))


def _annotated(place: Path, multitask: bool) -> tuple[list[pl.DataFrame], dict[str, tuple[str, ...]], list[str]]:
    """A table of each set, or of the lists, names of what they annotate, and notes."""
    sets = [] if multitask else [_one_of(place, names) for names in (_EXPRESSION_SETS, _UNIT_SETS)]
    if any(sets):
        frames, outputs = [], {}
        for name, folder, read in zip(
            ("expression", "action_units"), sets, (read_expressions, read_units), strict=True
        ):
            if folder is not None:
                frame, outputs[name] = read(folder, ABOUT)
                frames.append(frame)
        return frames, outputs, [f"Annotations of {' and '.join(folder.name for folder in sets if folder)}."]
    folder = _one_of(place, _LISTS)
    if folder is None:
        wanted = _LISTS if multitask else (*_EXPRESSION_SETS, *_UNIT_SETS, *_LISTS)
        what = f"one of {', '.join(wanted)}, or a folder called annotations with these"
        folder = find(place, ABOUT, *wanted, what=what)
    frame, notes = read_lists(folder, ABOUT)
    return [frame], {"expression": EXPRESSIONS, "action_units": UNITS}, [f"Lists of {folder.name}.", *notes]


def _one_of(place: Path, names: Sequence[str]) -> Path | None:
    found = [folder / name for folder in _called(place, "annotation", 2) for name in names if (folder / name).is_dir()]
    if len(found) > 1:
        raise ValueError(
            f"`root` of {ABOUT.title} should have annotations of one competition, or `annotations` say which folder to "
            f"read. Found {', '.join(str(folder.relative_to(place)) for folder in found)} in {place}."
        )
    return found[0] if found else None


def _called(place: Path, word: str, depth: int) -> Iterator[Path]:
    """A folder, and those in it whose name contains a word: `annotations`, `Third ABAW Annotations`."""
    yield place
    for name in sorted(listing(place)) if depth else ():
        if word in name.lower() and (place / name).is_dir():
            yield from _called(place / name, word, depth - 1)


def _in_one_split(frames: Sequence[pl.DataFrame]) -> tuple[list[pl.DataFrame], list[str]]:
    """Annotations for training of videos that are for validation in another set are left out: splits stay apart."""
    group = pl.col("video").str.replace("_(left|right)$", "")
    held = pl.concat(frame.filter(pl.col("split") == "test").select(group).unique() for frame in frames).to_series()
    crossing = (pl.col("split") == "train") & group.is_in(held.unique().implode())
    out = pl.concat(frame.filter(crossing).select("video") for frame in frames)
    kept = [frame.filter(~crossing) for frame in frames]
    note = (
        f"Annotations for training of {out['video'].n_unique():,} videos ({len(out):,} frames) are left out: the same "
        "videos are for validation in another set."
    )
    return kept, [note] if len(out) else []


def _with_images(frame: pl.DataFrame, root: Path, aligned: bool) -> pl.DataFrame:
    """Paths of frames, that are counted from 1, and the video that persons in one video share as group."""
    wanted = re.compile(r"cropped_aligned" if aligned else r"cropped(?!_aligned)", re.IGNORECASE)
    folders = [folder for folder in _called(root, "cropped", 2) if wanted.match(folder.name)]
    if not folders:
        folders = [find(root, ABOUT, "cropped_aligned" if aligned else "cropped")]
    of_video = {video: str(folder) for folder in reversed(folders) for video in listing(folder)}
    folder = pl.col("video").replace_strict(of_video, default=str(folders[0]), return_dtype=pl.String)
    number = pl.col("frame").cast(pl.String).str.zfill(5)
    return frame.select(
        pl.format("{}/{}/{}.jpg", folder, "video", number).alias("image"),
        "split",
        pl.col("video").str.replace("_(left|right)$", "").alias("group"),
        pl.exclude(_KEYS),
    )
