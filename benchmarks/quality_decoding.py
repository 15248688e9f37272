"""Tables used when images are read, not when networks are trained: what Bayes' rule makes of finished predictions.

Whoever holds a table can do this without coupling anything. It asks for tables that are right, since nothing measures
whether they are.
"""

import torch
from torch import Tensor

from conjoin.base_rates import BaseRates
from conjoin.data import AnnotatedImages, Problem
from conjoin.evaluation import Run, run_arm, scores
from conjoin.study import Recipe
from conjoin.tasks import MultiClass

FROM_LABELS = "decoded labels"
"""A class read from the predicted labels alone: no image is annotated for it."""
DECODED = {FROM_LABELS: "single", **{f"decoded {arm}": arm for arm in ("single", "joint", "coupled")}}
"""Arms whose predictions tell each other what the table says; by name, what trains the networks."""


def run_decoded(arm: str, problem: Problem[AnnotatedImages], recipe: Recipe, seed: int) -> Run:
    """Train, then let each task's predictions tell the others what the tables say of them."""
    run = run_arm(DECODED[arm], problem, recipe, seed)
    found = from_labels(problem, run.logits) if arm == FROM_LABELS else decoded(problem, run.logits)
    return Run(arm, seed, scores=scores(problem.tasks, found, problem.test, problem, recipe, thresholds={}))


def decoded(problem: Problem[AnnotatedImages], logits: dict[str, Tensor]) -> dict[str, Tensor]:
    """Predictions of two networks or heads multiplied, as if they saw independent things.

    A class gains the log-likelihood of the predicted labels, log p + sum_l sum_k p_l(k) log T_l[c, k]; a label what
    the predicted class implies beyond the base rates b of the classes, log p + log(p_source T) - log(b T).
    """
    log_p = {task.name: task.log_probabilities(logits[task.name]) for task in problem.tasks}
    told = dict(log_p)
    for relation in problem.relations:
        source, target = relation.source.name, relation.target.name
        told[source] = told[source] + relation.log_likelihood(log_p[target].exp()).unsqueeze(1)
        expected = relation.implied(_log_rates(problem, relation.source))
        told[target] = told[target] + relation.implied(log_p[source].squeeze(1)) - expected
    return {
        task.name: told[task.name].squeeze(1) if isinstance(task, MultiClass) else told[task.name].diff(dim=-1)[..., 0]
        for task in problem.tasks
    }


def from_labels(problem: Problem[AnnotatedImages], logits: dict[str, Tensor]) -> dict[str, Tensor]:
    """Predictions, but of a class that has relations what its targets say, all classes as likely beforehand."""
    found = dict(logits)
    for source in {relation.source.name for relation in problem.relations}:
        found[source] = torch.stack(
            [
                relation.log_likelihood(relation.target.log_probabilities(logits[relation.target.name]).exp())
                for relation in problem.relations
                if relation.source.name == source
            ]
        ).sum(0)
    return found


def _log_rates(problem: Problem[AnnotatedImages], task: MultiClass) -> Tensor:
    rates = BaseRates(task)
    rates.update(task.annotation(problem.train.annotation(task.name)))
    return rates.log_rates()
