"""Command line."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Train one classifier on tasks whose labels live in different datasets, and prove that it helped."""


@app.command()
def demo(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Two seeds, a third of the steps.")] = False,
    folder: Annotated[Path, typer.Option(help="Where results are written.")] = Path("runs/demo"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")] = False,
) -> None:
    """Two tasks on handwritten digits teach each other, against training them apart."""
    from rich.console import Console

    from conjoin.demo import QUICK
    from conjoin.demo import demo as run
    from conjoin.study import Study

    try:
        run(QUICK if quick else Study(), folder, Console(), overwrite=overwrite)
    except FileExistsError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
