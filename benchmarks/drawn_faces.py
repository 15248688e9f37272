"""What the drawn faces ask of a network. The faces are synthetic.

    python benchmarks/drawn_faces.py            # speed, Bayes limit, one network for each task: a quarter of an hour
    python benchmarks/drawn_faces.py --quick    # speed and Bayes limit only

Prints faces drawn in a minute on one core; the macro-F1 of calling every unit present, at the exact
rates; the accuracy that nobody exceeds who knows the true action units and the table but not the image;
and what the small network reaches on each task alone, with seed 0, on the test images. (How hard the
faces are was chosen on other faces, but for a first trial.)
"""

import argparse
import time

import lightning as L
import torch

import conjoin as cj
from conjoin.data import AnnotatedImages, Problem
from conjoin.datasets import drawn_faces, drawn_faces_problem, unit_rates
from conjoin.evaluation import predict, score
from conjoin.tasks import Task


def bayes_limit() -> float:
    """Best expected accuracy for the expression from its action units: all 2^17 sets of units, weighed."""
    rates = unit_rates().double()
    sets = (torch.arange(2 ** rates.shape[1])[:, None] >> torch.arange(rates.shape[1])) & 1
    log_likelihood = sets.double() @ rates.log().T + (1 - sets).double() @ (1 - rates).log().T
    return float(log_likelihood.exp().amax(1).sum() / len(rates))


def alone(problem: Problem[AnnotatedImages], task: Task, steps: int) -> None:
    """Train the small network on one task alone."""
    L.seed_everything(0, verbose=False)
    start, network = time.perf_counter(), cj.Network([task], "small", channels=3)
    data = problem.train.annotated(task.name)
    cj.fit(network, cj.Objective([task]), data, cj.TrainingSettings(steps=steps), seed=0)
    found = score(task, predict(network, problem.test)[task.name], problem.test.annotation(task.name))[0]
    seconds = time.perf_counter() - start
    given = f"Synthetic faces: {task.name}, {len(data)} images, {steps} steps"
    print(f"{given}: {found.metric} {found.value:.3f} ({seconds:.0f} s)")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="train nothing")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    start = time.perf_counter()
    drawn_faces(2000, seed=0)
    print(f"{2000 / (time.perf_counter() - start) * 60:,.0f} synthetic faces a minute")
    present = unit_rates().double().mean(0)
    print(f"Synthetic faces: macro-F1 of calling every unit present {(2 * present / (1 + present)).mean():.4f}")
    print(f"Synthetic faces: Bayes limit of the expression given its true units {bayes_limit():.4f}")
    if not quick:
        problem = drawn_faces_problem(500, 5000, seed=0)
        for task in problem.tasks:
            alone(problem, task, 600)


if __name__ == "__main__":
    main()
