"""Data sources: where images and their annotations are."""

from collections.abc import Collection, Mapping
from encodings.aliases import aliases
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, NonNegativeInt, Tag, model_validator

from conjoin.datasets import known_archive
from conjoin.names import nearest
from conjoin.study._annotations import AnnotationSettings, Code
from conjoin.study._regime import Shift
from conjoin.study._strict import Strict, tag_of

SplitName = Literal["train", "validation", "test"]
Share = Annotated[float, Field(ge=0, lt=1)]
Path = str | tuple[str, ...] | Mapping[SplitName, str | tuple[str, ...]]


class SplitColumn(Strict):
    """A column that says which split a row belongs to."""

    column: str
    """Name of the column; it holds train, validation and test, unless `values` says otherwise."""
    values: Mapping[str, SplitName] = {}
    """What the column holds, by split: `{dev: validation}`."""


class Fractions(Strict):
    """A split that conjoin makes: by group, where there are groups; else by image.

    Of a source with splits of its own it draws validation only, and only from train.
    """

    validation: Share = 0.1
    test: Share | None = None
    """Default: 0.1; nothing of a source with splits of its own."""
    seed: NonNegativeInt = 0

    @model_validator(mode="after")
    def _leaves_some(self) -> "Fractions":
        if self.validation + (self.test or 0) >= 1:
            raise ValueError(f"`validation` and `test` should leave something to train on. Found {self}.")
        return self


def _split_kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "<name>"
    if isinstance(value, Strict):
        return tag_of(type(value))
    return None if not isinstance(value, dict) else tag_of(SplitColumn if "column" in value else Fractions)


Split = Annotated[
    Annotated[SplitName, Tag("<name>")]
    | Annotated[SplitColumn, Tag(tag_of(SplitColumn))]
    | Annotated[Fractions, Tag(tag_of(Fractions))],
    Discriminator(
        _split_kind,
        custom_error_type="split_kind",
        custom_error_message="train, validation or test; or {column: ...}; or {validation: 0.1, test: 0.1, seed: 0}",
    ),
]


class _Source(Strict):
    name: str = Field(min_length=1)
    """Name of the source, in tables and messages."""
    image: str = "image"
    """Column of images: their bytes, or paths."""
    id: str | None = None
    """Column that names an image: rows of one name, in one source or several, are one image, with the same pixels.
    Default: its path."""
    group: str | None = None
    """Column of what images share (a subject, a video, a product): splits keep it together."""
    split: Split | None = None
    """Which split each row belongs to. Default: the source's own splits; where it has none, `{validation: 0.1,
    test: 0.1, seed: 0}`."""
    missing: tuple[Code, ...] = ()
    """Values that mean "not annotated" in every annotation of this source, beside empty cells."""
    annotations: Annotated[Mapping[str, AnnotationSettings], Field(min_length=1)]
    """For each task that this source annotates, the column or columns."""
    shift: Shift | None = None
    """Changes the images or class frequencies of this source, to study sources that differ."""

    @model_validator(mode="after")
    def _split_in_one_way(self) -> "_Source":
        path = getattr(self, "path", None)
        if isinstance(path, Mapping) and self.split is not None and not draws_from_train(self.split, path):
            raise ValueError(
                "split either by `path` or by `split`; beside a `path` by split, one of them train and none "
                f"validation, `split` may draw validation: `{{validation: 0.1}}`. Found splits {', '.join(path)} in "
                f"`path`, and `split: {_written(self.split)}`."
            )
        return self


def draws_from_train(split: SplitName | SplitColumn | Fractions, own: Collection[str | None]) -> bool:
    """Whether a split does no more than to draw validation from train, beside splits that a source has itself."""
    return isinstance(split, Fractions) and not split.test and "train" in own and "validation" not in own


def _written(split: SplitName | SplitColumn | Fractions) -> str:
    if isinstance(split, str):
        return split
    return "{" + ", ".join(f"{name}: {getattr(split, name)}" for name in sorted(split.model_fields_set)) + "}"


class _Files(_Source):
    path: Path
    """Files, with wildcards; one, several, or by split. Relative to the study file. `${NAME}` is an environment
    variable."""
    root: str | None = None
    """Folder in which relative paths of images are looked up; by default that of the file that names them."""


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError as error:
        known = {alias.replace("_", "-") for pair in aliases.items() for alias in pair} - {name}
        hint = nearest(name, sorted(known))
        near = f" {hint}" if hint.startswith("Did") else ""
        raise ValueError(f"an encoding of text that Python knows, as latin-1. Found {name!r}.{near}") from error
    return name


class Csv(_Files):
    """Text with a header line."""

    format: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Between cells."""
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    """How text is written in bytes."""


class JsonLines(_Files):
    """One JSON object a line."""

    format: Literal["jsonl"]


class Parquet(_Files):
    """Parquet files."""

    format: Literal["parquet"]


class Folder(_Source):
    """Images in a folder, with `metadata.csv`, `.jsonl` or `.parquet` (column `file_name`) or a folder a class.

    Folders named train, validation (val, valid, dev) and test are splits, where no other folder is at the top; metadata
    lie in them. The column of a folder a class is `label`. Links are followed, hidden files are not read.
    """

    format: Literal["folder"]
    path: str
    """The folder, relative to the study file."""


class WebDataset(_Source):
    """Tar shards of files that share a name: `0001.jpg`, `0001.json`.

    Each extension is a column, and each key of a `.json` is one, as `json.key`.
    """

    format: Literal["webdataset"]
    path: Path
    """Shards, with wildcards; one, several, or by split. Relative to the study file."""
    image: str = "jpg"
    """Extension of the images."""


class Hub(_Source):
    """A data set of the Hugging Face hub, or a local folder laid out like one."""

    format: Literal["hub"]
    path: str
    """`owner/name`, or a local folder."""
    subset: str | None = None
    """Configuration of the data set."""
    revision: str | None = None
    """Branch, tag or commit."""


class Official(_Source):
    """An official distribution, read by an adapter of `conjoin.datasets`.

    `annotations` name annotations of the archive: `{expression: expression, units: action_units}`. Groups are the
    archive's own.
    """

    format: Literal["archive"]
    archive: Annotated[str, AfterValidator(known_archive)]
    """Name of the adapter: `raf_db`."""
    path: str
    """Folder of the distribution, relative to the study file."""
    options: Mapping[str, Any] = {}
    """Keyword arguments of the adapter."""
    optional: bool = False
    """Do without it where its folder is not there or empty, and every task has another source; `conjoin check` says so,
    and where it is to be had."""


class Memory(_Source):
    """A `datasets.Dataset` or `DatasetDict` that the Python caller gives by name."""

    format: Literal["memory"]


SourceSettings = Annotated[
    Csv | JsonLines | Parquet | Folder | WebDataset | Hub | Official | Memory, Field(discriminator="format")
]
