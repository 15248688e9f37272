"""Digits with a true, a permuted and a half-wrong table: whether coupling helps, and cannot harm.

    python benchmarks/digits_tables.py             # reporting seeds 0-4, test images
    python benchmarks/digits_tables.py --tuning    # seeds 100-104, five folds of the annotated images
    python benchmarks/digits_tables.py --seeds 200 209   # other seeds, test images

`--tuning` never reads a test image: it is what settings were chosen with. Prints one table and
exits with 1 if a bound is missed.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np

from conjoin.datasets import Table, digits
from conjoin.evaluation import paired_difference, train_arms
from conjoin.study import Recipe

CELLS = ((50, 1000), (100, 100))
KINDS: tuple[Table, ...] = ("true", "permuted", "half-wrong")

Values = dict[tuple[str, str], dict[int, list[float]]]
"""By column (arm and table) and task: by seed, one value for each fold."""


def measure(cell: tuple[int, int], seeds: range, *, tuning: bool) -> Values:
    """Train every arm once with the true table, and `coupled` with the wrong ones."""
    values: Values = defaultdict(lambda: defaultdict(list))
    for kind in KINDS:
        arms = ["single", "joint", "kollias2024", "kollias2024-reversed", "coupled"] if kind == "true" else ["coupled"]
        for fold in range(5) if tuning else [None]:
            problem = partial(digits, *cell, table=kind, fold=fold)
            for run in train_arms(problem, [(arm, seed) for seed in seeds for arm in arms], Recipe()):
                column = run.arm if kind == "true" else f"{run.arm}, {kind}"
                for score in run.scores:
                    values[column, score.task][run.seed].append(score.value)
    return values


def bounds(means: dict[tuple[str, str], np.ndarray]) -> Iterator[tuple[str, float, float]]:
    """Name, value and lower bound of each condition."""
    digit = {column: value for (column, task), value in means.items() if task == "digit"}
    for kind in KINDS[1:]:
        gap = digit[f"coupled, {kind}"] - digit["joint"]
        yield f"{kind}: mean |coupled - joint|", -abs(gap.mean()), -0.02
        yield f"{kind}: largest |coupled - joint| of a seed", -abs(gap).max(), -0.04


def main() -> int:
    """Run both cells and judge them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tuning", action="store_true", help="seeds 100-104, cross-validation, no test image")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 4), metavar=("FIRST", "LAST"))
    given = parser.parse_args()
    tuning: bool = given.tuning
    first, last = (100, 104) if tuning else given.seeds
    missed = 0
    for cell in CELLS:
        values = measure(cell, range(first, last + 1), tuning=tuning)
        means = {key: np.array([np.mean(folds) for _, folds in sorted(by.items())]) for key, by in values.items()}
        print(f"\n{cell[0]} digits + {cell[1]} strokes")
        for (column, task), value in sorted(means.items(), key=lambda item: item[0][::-1]):
            low = paired_difference(value, means["single", task]).lower if column != "single" else 0.0
            print(f"  {task:18} {column:22} {value.mean():.3f}  {np.round(value, 3)}  lower {low:+.3f}")
        checks = list(bounds(means))
        if cell == CELLS[0]:
            coupled = means["coupled", "digit"].mean()
            checks.append(("coupled - single", coupled - means["single", "digit"].mean(), 0.05))
            checks.append(("coupled - joint", coupled - means["joint", "digit"].mean(), 0.02))
            for task in ("strokes/segments", "strokes/measured"):
                low = paired_difference(means["coupled", task], means["single", task]).lower
                checks.append((f"{task}: lower bound of coupled - single", low, -0.01))
        for name, found, least in checks:
            missed += found < least
            print(f"  {'ok    ' if found >= least else 'MISSED'} {name}: {found:+.3f} (at least {least:+.3f})")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
