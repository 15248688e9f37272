"""The data check, and what it takes to reproduce the comparison."""

from conjoin.inspection import SPLITS, Inspection
from conjoin.report._html._blocks import Block, Cell, Code, Column, Section, Table, Words
from conjoin.report._html._contents import Contents


def data_check(contents: Contents) -> Section | None:
    """What `conjoin check` finds; None without an inspection."""
    found = contents.inspection
    if found is None:
        return None
    stops = sum(remark.kind == "no-go" for remark in found.remarks)
    go = "GO: nothing stands in the way of training." if found.go else f"NO-GO: in the way of training stand {stops}."
    blocks: list[Block] = [Words(go)]
    remarks = [(remark.kind, remark.text) for remark in found.remarks]
    blocks.append(Table("Remarks", [Column("kind"), Column("remark")], remarks))
    numbers = [Column(split, "{:,}") for split in SPLITS]
    images: list[list[Cell]] = [
        [source, *(counts.get(split, 0) for split in SPLITS)] for source, counts in found.images.items()
    ]
    if images:
        blocks.append(Table("Images by source and split", [Column("source"), *numbers], images))
        blocks.append(_annotated(found))
        blocks.append(_balance(found))
    if found.faults:
        blocks.append(_faults(found))
    if twins := found.duplicates.get("first"):
        blocks.append(Code("Images that are in test and elsewhere, pixel by pixel", "\n".join(twins)))
    return Section("check", "Data check", blocks)


def _annotated(found: Inspection) -> Table:
    cells: list[list[Cell]] = [
        [task, what, *(counts[task].get(split, 0) for split in SPLITS)]
        for task in found.annotated
        for what, counts in (("annotated", found.annotated), ("hidden by the regime", found.hidden))
        if what == "annotated" or any(counts[task].values())
    ]
    columns = [Column("task"), Column("images"), *(Column(split, "{:,}") for split in SPLITS)]
    return Table("Annotated images by task and split", columns, cells)


def _balance(found: Inspection) -> Table:
    cells: list[list[Cell]] = [
        [name, task, *(counts.get(split, 0) for split in SPLITS)]
        for task, outputs in found.balance.items()
        for name, counts in outputs.items()
    ]
    columns = [Column("class or label"), Column("task"), *(Column(split, "{:,}") for split in SPLITS)]
    return Table("Images of each class, or with each label", columns, cells, folded=True)


def _faults(found: Inspection) -> Table:
    cells = [
        (kind, fault["rows"], first["file"], first["row"] or None, first["what"])
        for kind, fault in found.faults.items()
        for first in fault["first"]
    ]
    columns = [Column("fault"), Column("rows", "{:,}"), Column("file"), Column("row"), Column("what")]
    return Table("Rows that cannot be used: how many, and the first of them", columns, cells)


def reproduction(contents: Contents) -> Section:
    """Study file and versions."""
    words = (
        "On one machine with the same versions, the same study gives the same results to the bit. "
        "The study file lies beside this page."
    )
    versions = Table("Versions", [Column("package"), Column("version")], list(contents.versions.items()))
    return Section("reproduction", "Reproduction", [Words(words), Code("study.yaml", contents.study), versions])
