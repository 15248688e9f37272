"""The page itself."""

import json
from pathlib import Path

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined

from conjoin.report._colours import COLOURS
from conjoin.report._html._blocks import Section
from conjoin.report._html._check import data_check, reproduction
from conjoin.report._html._closer import closer
from conjoin.report._html._contents import Contents
from conjoin.report._html._curves import evidence, learning_curves, losses
from conjoin.report._html._outputs import confusions, f1_changes
from conjoin.report._html._pictures import changes, conflicts
from conjoin.report._html._relations import rates, tables
from conjoin.report._html._verdict import arms, verdicts
from conjoin.report._write import write

_SECTIONS = (
    arms,
    closer,
    learning_curves,
    losses,
    evidence,
    tables,
    rates,
    confusions,
    f1_changes,
    changes,
    conflicts,
    data_check,
    reproduction,
)


def write_report(path: Path, contents: Contents) -> None:
    """Write a comparison as one HTML page that needs no other file and no network.

    Args:
        path: the file.
        contents: what it is made of.

    Raises:
        OSError: if the file cannot be written.

    """
    environment = Environment(
        loader=PackageLoader("conjoin.report", "_html/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_function"] = _strict_json
    sections: list[Section] = [section for make in _SECTIONS if (section := make(contents))]
    page = environment.get_template("report.html.j2").render(
        contents=contents,
        verdicts=verdicts(contents),
        sections=sections,
        colours=COLOURS,
        vega=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
    )
    write(path, page)


def _strict_json(value: object, **_: object) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
