"""DISFA: 27 subjects, 130,814 video frames, the intensity of 12 action units."""

from pathlib import Path
from typing import Literal

import polars as pl

from conjoin.datasets._archive import About, Archive, find, listing
from conjoin.datasets._frames import SUFFIX, extracted_frames, split_of, with_annotations
from conjoin.datasets._lines import Lines

ABOUT = About(
    title="DISFA",
    citation="Mavadati, Mahoor, Bartlett, Trinh & Cohn, DISFA: a spontaneous facial action intensity database, IEEE "
    "Transactions on Affective Computing 2013",
    access="DISFA is given for research, on request by a form (mohammadmahoor.com).",
)

_UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
_PARTS = tuple(
    tuple(f"SN{number:03}" for number in part)
    for part in (
        (2, 10, 1, 26, 27, 32, 30, 9, 16),
        (13, 18, 11, 28, 12, 6, 31, 21, 24),
        (3, 29, 23, 25, 8, 5, 7, 17, 4),
    )
)
_FRAME = rf"^(?:(?:.*[/_-])?(?<camera>(?i:left|right)))?.*(?<subject>SN\d{{3}}).*?(?<frame>\d+){SUFFIX}"


def disfa(
    root: str | Path,
    *,
    images: str | Path | None = None,
    first_frame: Literal[0, 1] | None = None,
    camera: Literal["left", "right"] | None = None,
    threshold: Literal[1, 2, 3, 4, 5] = 2,
    test_part: Literal[1, 2, 3] | None = None,
) -> Archive:
    """Read the action units of DISFA, for frames that you extracted from its videos.

    Annotation: `action_units`, 12 labels. A file of the distribution says the intensity of one unit in one video,
    from 0 to 5; from `threshold` on the unit is present. `group` is the subject.

    Args:
        root: the folder that holds `ActionUnit_Labels`.
        images: where the frames are, by default anywhere below `root`. The path of a frame names its subject, and its
            file name ends in its number: `SN001/0.png`, `LeftVideoSN001/00001.jpg`,
            `frames/RightVideoSN001_comp/RightVideoSN001_comp_00000001.jpg`.
        first_frame: number of the first frame of each video as you extracted it; by default 0 where any frame has that
            number, else 1. The distribution counts from 1.
        camera: only the frames of one of both cameras, for paths that name it.
        threshold: smallest intensity of a unit that is present; 2 is usual.
        test_part: make a third of the subjects the test split: the first, second or third of the parts that Shao et
            al. (Deep adaptive attention for joint facial action unit detection and face alignment, ECCV 2018) and
            later work average over. By default there are no splits: the distribution has none.

    Raises:
        FileNotFoundError: if annotations or frames are not there.
        ValueError: if a line is not a frame and an intensity, or two files are the same frame.

    """
    root = Path(root).absolute()
    labels = find(root, ABOUT, "ActionUnit_Labels")
    annotated, notes = _annotated(labels, threshold)
    folder = root / images if images else root
    frames = extracted_frames(folder, _FRAME).with_columns(pl.col("camera").str.to_lowercase())
    if camera:
        frames = frames.filter(pl.col("camera") == camera)
    if not len(frames):
        raise FileNotFoundError(
            "`images` of DISFA should be a folder of extracted frames, such as LeftVideoSN001/00001.jpg"
            f"{f', of the {camera} camera' if camera else ''}. Found none below {folder}. The distribution has videos: "
            "extract their frames first, for instance by ffmpeg -i LeftVideoSN001_comp.avi LeftVideoSN001/%05d.jpg."
        )
    first = first_frame if first_frame is not None else int(not (frames["frame"] == 0).any())
    frames = frames.with_columns(pl.col("frame") + 1 - first)
    frame, more = with_annotations(frames, annotated, ["subject", "frame"])
    frame = frame.rename({"subject": "group"}).drop("frame", "camera")
    if test_part:
        frame = frame.with_columns(split_of(pl.col("group"), _PARTS[test_part - 1]))
    form = f"Frames count from {first}; a unit is present from intensity {threshold} on."
    return Archive(ABOUT, frame, {"action_units": tuple(f"AU{n}" for n in _UNITS)}, (form, *notes, *more))


def _annotated(labels: Path, threshold: int) -> tuple[pl.DataFrame, list[str]]:
    """`subject`, `frame` (from 1), and a column of each unit."""
    subjects = sorted(name for name in listing(labels) if name.startswith("SN"))
    files = {(s, n): labels / s / f"{s}_au{n}.txt" for s in subjects for n in _UNITS}
    lost = [str(path) for path in files.values() if not path.is_file()]
    read = [
        _intensities(path).with_columns(subject=pl.lit(subject), unit=pl.lit(f"action_units:AU{number}"))
        for (subject, number), path in files.items()
        if path.is_file()
    ]
    if not read:
        raise FileNotFoundError(f"{labels} should hold files such as SN001/SN001_au1.txt. Found none.")
    present = (pl.col("intensity") >= threshold).cast(pl.Int8).alias("present")
    columns = [f"action_units:AU{number}" for number in _UNITS]
    wide = pl.concat(read).select("subject", "frame", "unit", present)
    wide = wide.pivot(on="unit", on_columns=columns, index=["subject", "frame"], values="present")
    notes = [f"{len(lost)} files are not there, their units not annotated; the first: {lost[0]}."] if lost else []
    return wide, notes


def _intensities(path: Path) -> pl.DataFrame:
    lines, expected = Lines(path, separator=","), "a frame, once, and its intensity from 0 to 5, such as 1,0"
    cells = lines.cells(("frame", "intensity"), expected)
    frame = lines.numbers(cells["frame"], expected, low=0, high=10**9)
    lines.refuse(~frame.is_first_distinct(), expected)
    intensity = lines.numbers(cells["intensity"], expected, low=0, high=5)
    return pl.DataFrame({"frame": frame, "intensity": intensity.cast(pl.Int8)})
