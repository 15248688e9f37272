"""A study file read so that every error names its line."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from conjoin.study._explain import told

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class StudyError(ValueError):
    """A study file is wrong; the message names each line, what was expected and what was found."""


class ContradictionError(ValueError):
    """Parts of a study that do not fit together: places, and what is wrong there."""

    def __init__(self, found: list[tuple[Place, str]]) -> None:
        super().__init__("\n".join(f"`{dotted(place)}` {text}" for place, text in found))
        self.found = found


@dataclass
class Document:
    """What a YAML file holds, with the line of each part."""

    data: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Line of a place, or of the nearest part around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def located(model: type[Model], path: Path) -> Model:
    """Read and validate a YAML file.

    Raises:
        FileNotFoundError: if there is no such file.
        StudyError: if it is no YAML, or not what the model expects.

    """
    if not path.is_file():
        raise FileNotFoundError(f"`study` should be a YAML file. Found none at {path}.")
    try:
        document = read(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: a study should be UTF-8 text. Found {error}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise StudyError(f"{path}, line {line}: should be YAML. Found: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise StudyError(f"{path}: should be YAML. Found: {error}.") from error
    if not isinstance(document.data, dict):
        raise StudyError(f"{path}: a study should be a mapping with `tasks` and `data`. Found {document.data!r}.")
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        cause = errors[0].get("ctx", {}).get("error")
        problems = told(errors, model, document.data)
        if isinstance(cause, ContradictionError):
            problems = {}
            for place, text in cause.found:
                problems.setdefault(place, []).append(text)
        texts = [
            f"{path}, line {document.line(place)}: `{dotted(place)}` " + " Or it ".join(texts)
            for place, texts in sorted(problems.items(), key=lambda item: document.line(item[0]))
        ]
        raise StudyError("\n".join(texts)) from None


def dotted(place: Place) -> str:
    """`data[0].annotations.article`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.lstrip(".") or "study"


def read(text: str) -> Document:
    """Parse YAML; keys become text, and a key given twice is an error."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        document = Document(None)
        if node is not None:
            document.data = _construct(loader, node, (), document.lines)
        return document
    finally:
        loader.dispose()


def _construct(loader: yaml.SafeLoader, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_construct(loader, item, (*place, number), lines) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    loader.flatten_mapping(node)
    mapping: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None:
            raise yaml.constructor.ConstructorError(None, None, "a key that is not a word", key_node.start_mark)
        if key in mapping:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} a second time", key_node.start_mark)
        lines[(*place, key)] = key_node.start_mark.line + 1
        mapping[key] = _construct(loader, value_node, (*place, key), lines)
    return mapping
