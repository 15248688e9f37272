"""Command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


Data = Annotated[
    list[str] | None,
    typer.Option("--data", help="Another path for a data source: NAME=PATH, or PATH where there is one source."),
]
StudyFile = Annotated[Path, typer.Argument(help="Study file.")]
CachePixels = Annotated[bool, typer.Option("--cache-pixels", help="Decode and resize every image once, and keep it.")]
Loggers = Annotated[
    list[str] | None, typer.Option("--logger", help="A Lightning logger: tensorboard, csv, mlflow, wandb, comet.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")]


def _version(*, asked: bool) -> bool:
    if asked:
        typer.echo(metadata.version("conjoin"))
        raise typer.Exit
    return asked


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train one classifier on tasks whose labels live in different datasets, and test whether that helped."""


@app.command()
def demo(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Two seeds, a third of the steps.")] = False,
    folder: Annotated[Path, typer.Option(help="Where results are written.")] = Path("runs/demo"),
    overwrite: Overwrite = False,
) -> None:
    """Two tasks on handwritten digits teach each other, against training them apart."""
    from conjoin.demo import QUICK, DemoStudy
    from conjoin.demo import demo as run

    with _told():
        run(QUICK if quick else DemoStudy(), folder, _console(), overwrite=overwrite)


@app.command()
def check(
    study: Annotated[Path | None, typer.Argument(help="Study file.")] = None,
    *,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of study files, for editors.")
    ] = False,
) -> None:
    """Look at everything that a study would train on, and say go or no-go. Trains nothing."""
    import json

    from conjoin.study import Study, StudyError

    if schema:
        typer.echo(json.dumps(Study.model_json_schema(), indent=2))
        return
    if study is None:
        typer.echo("Error: `study` should be a study file. Found none: conjoin check study.yaml", err=True)
        raise typer.Exit(2)
    try:
        read = Study.from_yaml(study, data=_overrides(data or []))
    except (StudyError, FileNotFoundError) as error:
        if as_json:
            typer.echo(json.dumps({"go": False, "remarks": [{"kind": "no-go", "text": str(error)}]}, indent=2))
        else:
            typer.echo(f"{error}\nNO-GO: the study file should be mended first.", err=True)
        raise typer.Exit(1) from error

    from conjoin.inspection import inspect_study
    from conjoin.report import print_inspection

    found = inspect_study(read)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        print_inspection(found, _console())
    raise typer.Exit(0 if found.go else 1)


@app.command()
def train(
    study: StudyFile,
    *,
    arm: Annotated[str, typer.Option(help="coupled, joint, full, kollias2024 or kollias2024-reversed.")] = "coupled",
    guard: Annotated[
        bool, typer.Option("--guard", help="Deliver for each task the better of this and single-task training.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**32 - 1, help="Of weights, batches and regime; by default the first of the study."),
    ] = None,
    data: Data = None,
    folder: Annotated[Path | None, typer.Option(help="Where to write; by default runs/NAME/train.")] = None,
    overwrite: Overwrite = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run, exactly.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read images.")] = 0,
    cache_pixels: CachePixels = False,
    logger: Loggers = None,
) -> None:
    """Train one network on all data of a study, and keep it as a model."""
    from conjoin.runs import train as run
    from conjoin.study import Study

    with _told("Interrupted. With --resume it goes on from its last checkpoint."):
        run(
            Study.from_yaml(study, data=_overrides(data or [])),
            arm=arm,
            guard=guard,
            seed=seed,
            folder=folder,
            overwrite=overwrite,
            resume=resume,
            workers=workers,
            cache_pixels=cache_pixels,
            loggers=logger or ["tensorboard"],
            console=_console(),
        )


@app.command()
def compare(
    study: StudyFile,
    *,
    data: Data = None,
    folder: Annotated[Path | None, typer.Option(help="Where to write; by default runs/NAME/compare.")] = None,
    overwrite: Overwrite = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Runs side by side; by default one for each core.")
    ] = None,
    cache_pixels: CachePixels = False,
    logger: Loggers = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print metrics.json; all else goes to standard error.")
    ] = False,
) -> None:
    """Train every arm of a study on every seed, and say whether training together helped. Goes on where it stopped."""
    from conjoin.runs import compare as run
    from conjoin.study import Study

    with _told("Interrupted. Without --overwrite the same command goes on: runs that were done are kept."):
        read = Study.from_yaml(study, data=_overrides(data or []))
        folder = folder or Path("runs") / read.name / "compare"
        run(
            read,
            folder=folder,
            overwrite=overwrite,
            processes=processes,
            cache_pixels=cache_pixels,
            loggers=logger or [],
            console=_console(stderr=as_json),
        )
    if as_json:
        typer.echo((folder / "metrics.json").read_text("utf-8").rstrip())


@app.command()
def relate(
    *,
    rows: Annotated[list[str] | None, typer.Option(help="Parquet, CSV or JSON-lines files, or a pattern.")] = None,
    source: Annotated[str | None, typer.Option(help="Column of the source classes.")] = None,
    target: Annotated[str | None, typer.Option(help="Column of target classes, or of lists of labels.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Column of one label: 1, 0 or nothing.")] = None,
    missing: Annotated[list[str] | None, typer.Option(help="CODE or COLUMN=CODE that means: not annotated.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of row weights.")] = None,
    matrix: Annotated[Path | None, typer.Option(help="A table as CSV or Parquet: classes x outputs.")] = None,
    published: Annotated[str | None, typer.Option(help="A table from the literature, such as du2014.")] = None,
    archive: Annotated[
        str | None, typer.Option(help="NAME=FOLDER: the table of an official distribution, cub or awa2.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write, pictures beside it; by default in runs/relations.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a relation table: counted from rows annotated for both tasks, from a matrix, published, or an archive's."""
    from conjoin.tabulate import tabulate

    with _told():
        tabulate(
            _console(),
            rows=rows or [],
            source=source,
            target=target,
            labels=label or [],
            missing=missing or [],
            weight=weight,
            matrix=matrix,
            name=published,
            archive=archive,
            out=out,
            overwrite=overwrite,
        )


@app.command()
def fixture(
    name: Annotated[str, typer.Argument(help="An archive, such as raf_db.")],
    path: Annotated[Path, typer.Argument(help="Folder to write; new or empty.")],
    *,
    images: Annotated[int, typer.Option(help="About how many images.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of images and annotations.")] = 0,
) -> None:
    """Write an official distribution in miniature, with made images, to try a study without the data."""
    from conjoin.miniatures import write_miniature

    with _told():
        write_miniature(name, path, images=images, seed=seed)
    typer.echo(f"{path}: {name} in miniature. Images and annotations are made up.")


def _console(*, stderr: bool = False) -> "Console":
    """Of the terminal; names with brackets or colons in them are shown as they are."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False)


@contextmanager
def _told(interrupted: str = "Interrupted.") -> Iterator[None]:
    """An error of the user's input is a message and exit status 1, an interruption one and 130."""
    try:
        yield
    except (OSError, ValueError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and not isinstance(error.__context__, KeyboardInterrupt):
            raise  # Lightning makes the one of the other
        typer.echo(interrupted, err=True)
        raise typer.Exit(130) from error


def _overrides(given: list[str]) -> dict[str, str]:
    """`NAME=PATH` by name; a path alone under the empty name."""
    pairs = (text.partition("=") for text in given)
    return {name if mark else "": path if mark else name for name, mark, path in pairs}
