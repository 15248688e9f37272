"""Text files that are never half written."""

from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write a text file that is whole, or as it was before."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)
