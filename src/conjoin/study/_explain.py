"""What pydantic found wrong, in the words of a study file."""

import re
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from conjoin.names import nearest
from conjoin.study._strict import tag_of

Place = tuple[str | int, ...]

_SHOULD = {
    "string_type": "text",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def explain(  # noqa: PLR0911 - a case each
    error: Any, model: type[BaseModel], data: Any
) -> tuple[Place, str]:
    """Place in the file, and "should be X. Found Y."."""
    place, candidates = _walk(error["loc"], model, data)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = sorted({name for candidate in candidates for name in candidate.model_fields})
        return place, f"is not a key here. {nearest(str(error['loc'][-1]), known)}"
    if kind == "missing":
        return (*place, error["loc"][-1]), f"should be given. Found nothing. {_described(candidates, error['loc'][-1])}"
    found = f"Found {_short(error['input'])}."
    if kind == "union_tag_not_found":
        name = str(context["discriminator"]).strip("'")
        return (*place, name), "should be given: " + _tags(candidates) + " Found nothing."
    if kind == "union_tag_invalid":
        name = str(context["discriminator"]).strip("'")
        tag, expected = context["tag"], [t.strip(" '") for t in context["expected_tags"].split(",")]
        return (*place, name), f"should be one of {', '.join(expected)}. Found {tag!r}. {nearest(tag, expected)}"
    if kind == "literal_error":
        hint = ""
        if isinstance(error["input"], str):
            hint = " " + nearest(error["input"], re.findall("'([^']*)'", context["expected"]))
        return place, f"should be {context['expected']}. {found}{hint if 'Did' in hint else ''}"
    if kind == "too_short":
        return place, f"should hold at least {context['min_length']}. Found {context['actual_length']}."
    if kind == "value_error":
        return place, f"should be {context['error']}".rstrip(".") + "."
    if kind == "string_type" and isinstance(error["input"], bool):
        return place, f"should be text. {found} YAML reads yes, no, on and off as true and false: put it in quotes."
    if kind.endswith("_kind"):
        return place, f"should be {error['msg']}. {found}"
    if kind in _SHOULD:
        return place, f"should be {_SHOULD[kind]}. {found}"
    said = error["msg"][:1].lower() + error["msg"][1:]
    return place, said.replace("input should", "should", 1).rstrip(".") + f". {found}"


def told(errors: Sequence[Any], model: type[BaseModel], data: Any) -> dict[Place, list[str]]:
    """What is wrong at each place, without what only follows from something deeper or from the other case."""
    explained = [(error, *explain(error, model, data)) for error in errors]
    problems: dict[Place, list[str]] = {}
    for error, place, text in explained:
        others = [(other, where) for other, where, _ in explained if other is not error]
        if error["type"] == "too_short" and any(where[: len(place)] == place != where for _, where in others):
            continue  # its elements were refused
        beside = any(where[: len(place)] == place for _, where in others)
        if error["type"] == "literal_error" and not isinstance(error["input"], str) and beside:
            continue  # meant for the other form
        if text not in problems.setdefault(place, []):
            problems[place].append(text)
    return problems


def _walk(loc: Place, model: type[BaseModel], data: Any) -> tuple[Place, list[type[BaseModel]]]:
    """The location as a place in the data, without pydantic's marks of union members; and the models there."""
    place: list[str | int] = []
    kinds: list[Any] = [model]
    models = [model]
    for number, part in enumerate(loc):
        tagged = [kind for kind in _models(kinds) if part == tag_of(kind) or part in _literals(kind)]
        if tagged:
            # among models told apart by their keys, an unknown key may be meant for another of them
            models = tagged if part in _literals(tagged[0]) else _models(kinds)
            kinds = list(tagged)
            continue
        inside = isinstance(data, dict | list | tuple) and (
            part in data if isinstance(data, dict) else isinstance(part, int)
        )
        if not inside:
            if number == len(loc) - 1:
                break
            continue  # a member of a union
        place.append(part)
        data = data[part]
        fields = [kind.model_fields[part].annotation for kind in _models(kinds) if part in kind.model_fields]
        if fields:
            kinds = fields
        if number < len(loc) - 1:
            models = _models(kinds) or models
    return tuple(place), models


def _models(kinds: list[Any]) -> list[type[BaseModel]]:
    return list(dict.fromkeys(model for kind in kinds for model in _reachable(kind)))


def _reachable(kind: Any) -> Iterator[type[BaseModel]]:
    """Models that an annotation names, through unions and containers."""
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias) and issubclass(kind, BaseModel):
        yield kind
    for argument in typing.get_args(kind):
        yield from _reachable(argument)


def _literals(kind: type[BaseModel]) -> tuple[Any, ...]:
    field = kind.model_fields.get("format")
    return typing.get_args(field.annotation) if field else ()


def _described(models: list[type[BaseModel]], name: str | int) -> str:
    descriptions = [
        m.model_fields[name].description for m in models if isinstance(name, str) and name in m.model_fields
    ]
    return " ".join((descriptions[0] or "").split()) if descriptions else ""


def _tags(models: list[type[BaseModel]]) -> str:
    return ", ".join(str(tag) for model in models for tag in _literals(model)) + "."


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
