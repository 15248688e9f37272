"""Contents of a page that would break one made carelessly, and how a page is asked."""

import math
from typing import Any

import torch
from selenium import webdriver

from conjoin.data import AnnotatedImages, Problem
from conjoin.evaluation import Run, details, judge, score
from conjoin.inspection import Inspection, Remark
from conjoin.relations import Relation
from conjoin.report import Contents
from conjoin.study import Recipe
from conjoin.tasks import MultiClass, MultiLabel
from conjoin.training import Look

HOSTILE = '<b>&"'
"""A name that would break a page into which it is put as it is."""
TASK = '<i &"'
"""Another; names of tasks hold no ">"."""
SCRIPT = "</pre></script><script>window.hit = 1</script>"
ARMS = "Arms by task: mean, and difference to single with its interval"
TEXTS = "[...document.querySelectorAll('{}')].map((element) => element.textContent)"
SECTIONS = [
    "arms",
    "closer",
    "losses",
    "evidence",
    "relations",
    "rates",
    "confusion",
    "outputs",
    "changes",
    "conflicts",
    "reproduction",
]


def odd_contents() -> Contents:
    """Names that are markup, 40 classes, images with few annotations, validation scores, a data check."""
    torch.manual_seed(0)
    kind = MultiClass(TASK, [HOSTILE, *(f"class {number}" for number in range(39))])
    marks = MultiLabel("marks", [HOSTILE, "soft", "never"])
    codes, labels = torch.arange(120) % 40, torch.randint(-1, 2, (120, 3))
    labels[:, 2] = 0
    codes[:20] = -1
    table = torch.rand(40, 3) * 0.9 + 0.05
    images = AnnotatedImages(
        torch.rand(120, 3, 60, 50), {TASK: codes, "marks": labels}, torch.zeros(120).long(), torch.zeros(120).bool()
    )
    problem = Problem((kind, marks), (Relation(kind, marks, table, origin=f"counted from {HOSTILE}"),), images, images)
    runs = []
    for arm, gain in {"single": 0.5, "coupled": 6.0}.items():
        for seed in range(3):
            logits = {TASK: torch.randn(120, 40), "marks": torch.randn(120, 3)}
            logits[TASK][torch.arange(120), codes.clamp(min=0)] += gain
            scores = [
                one for task in problem.tasks for one in score(task, logits[task.name], images.annotation(task.name))
            ]
            run = Run(arm, seed, scores, 1.0, logits=logits, thresholds={"marks": [0.3, 0.6, 0.5]})
            run.looks = [[Look(step, {TASK: step / 100 + gain / 10, "marks": 0.5}) for step in (10, 20)]]
            run.losses = {TASK: [2.0, 1.5, math.nan], "marks": [1.0] * (90 - 10 * seed) + [0.25 * seed]}
            if arm == "coupled":
                run.losses[f"match/marks/{TASK}"] = [0.0, 0.1, 0.2 + gain]
                run.evidence = {problem.relations[0].name: torch.rand(500 - 100 * seed, 3).tolist()}
                run.corrected = {problem.relations[0].name: (0.5 + 0.1 * seed * table).tolist()}
            runs.append(run)
    splits = {"train": 90, "validation": 10, "test": 120}
    inspection = Inspection(
        HOSTILE,
        images={HOSTILE: splits},
        annotated={TASK: splits, "marks": splits},
        hidden={TASK: splits, "marks": dict.fromkeys(splits, 0)},
        balance={"marks": {HOSTILE: splits}},
        faults={"unknown label": {"rows": 2, "first": [{"source": "a", "file": SCRIPT, "row": 3, "what": "no"}]}},
        duplicates={"test_images": 1, "first": [SCRIPT]},
        remarks=[Remark("caution", SCRIPT)],
    )
    rows = judge(runs, margin=0.02)
    more = details(runs, problem, Recipe())
    versions = {"conjoin": "0", "torch": "1"}
    return Contents(HOSTILE, f"name: {SCRIPT}", rows, runs, 0.02, problem, more, inspection, versions)


def found(driver: webdriver.Chrome, script: str) -> Any:
    return driver.execute_script(f"return {script}")
