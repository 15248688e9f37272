"""Tables of relations learnt from the annotations of a problem alone."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from conjoin.data import Images, Problem, is_known
from conjoin.evaluation._metrics import predict
from conjoin.evaluation._train import Trained, train_network
from conjoin.objective import Objective
from conjoin.relate import Kind, learn_relation
from conjoin.relations import Relation
from conjoin.study import Recipe
from conjoin.tasks import MultiClass, MultiLabel, Task

Kept = TypeVar("Kept", bound=Images)


def unknown_relations(problem: Problem[Images]) -> set[str]:
    """Names of the relations whose tables are to be learnt."""
    return {relation.name for relation in problem.relations if not relation.is_known}


def with_learned_tables(problem: Problem[Kept], recipe: Recipe, seed: int) -> tuple[Problem[Kept], Trained]:
    """The problem with every table known, and the network that told them.

    One network is trained on all tasks without coupling. What it predicts of the source, on images annotated for the
    target and not for the source, tells the table (`conjoin.relate.learn_relation`); where an image has both,
    its annotation does. Images that are set aside from couplings are left out: evidence is measured there.

    Args:
        problem: some of whose relations are unknown.
        recipe: how to build and train the network.
        seed: of the network.

    """
    trained = train_network(Objective(problem.tasks), problem, recipe, seed)
    logits = predict(trained.network, problem.train)
    relations = tuple(
        relation if relation.is_known else _learned(relation, problem.train, logits[relation.source.name])
        for relation in problem.relations
    )
    return replace(problem, relations=relations), trained


def _learned(relation: Relation, images: Images, logits: Tensor) -> Relation:
    source, target = relation.source, relation.target
    given, told = images.annotation(source.name), images.annotation(target.name)
    rows = is_known(told) & ~images.set_aside
    has_class = is_known(given)
    predicted = torch.where(has_class[:, None], _soft(source, given), logits.double().softmax(-1))[rows]
    kind: Kind = "multi-label" if isinstance(target, MultiLabel) else "multi-class"
    annotated = has_class[rows].numpy()
    table = learn_relation(
        predicted.numpy(), _told(target, told[rows]), source.outputs, target.outputs, kind, annotated=annotated
    )
    learnt = table.relation(source, target)
    learnt.is_learnt = True
    return learnt


def _soft(task: MultiClass, annotation: Tensor) -> Tensor:
    """Probability of each class; anything where it is not annotated."""
    soft, _ = task.annotation(annotation)
    return soft[:, 0].double()


def _told(task: Task, annotation: Tensor) -> NDArray[np.float64]:
    """1, 0 or a probability of each output; NaN where it is not annotated."""
    soft, known = task.annotation(annotation)
    return np.asarray(torch.where(known, task.by_output(soft).double(), torch.nan).numpy())
