"""Tasks and couplings turned into one loss, for any training loop."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from conjoin import checks
from conjoin.base_rates import BaseRates
from conjoin.coupling import BaseCoupling, Term, View, cross_entropy
from conjoin.distributed import all_sum, ranks
from conjoin.relations import Relation
from conjoin.tasks import Annotation, Task

_CHECKED_CALLS = 10
_ALL = "/images"
_PART = 65_536


class Objective(nn.Module):
    """The loss of several tasks, coupled by what is known of how they relate.

    The value is a mean over the images of a batch, in nats::

        loss = mean_images [ sum_tasks  NLL_t  +  sum_couplings  settled * term ]

    The first sum is the negative log-likelihood (NLL) of all annotations of an image, so that a task
    weighs as much as its annotations tell. A task that is not annotated on an image adds exactly 0
    of its own loss there. Couplings act on all variables that are not annotated; where annotated images
    of a task tell only part of its variables, couplings on it count by that part (`BaseRates.settled`): an
    image that is taught counts about as much as one that is annotated. A mean over the
    annotated images of each task instead would let few images, soon learnt by heart, move the network as
    much as many.

    The module is used like any loss. In training mode it also counts base rates and measures
    evidence (both in `state_dict`); in evaluation mode nothing changes. Under
    `torch.distributed` sums and counts are taken over all ranks: the gradients that DDP averages
    are those of the whole batch.

    Args:
        tasks: tasks of the network, each with a name of its own.
        couplings: at most one for each source task.
        weights: factor for each task's own loss, by name, 1 where not given.
        adjustments: logit adjustment of each task, by name, 0 where not given: this times the log base rate is
            added to each logit (Menon et al. 2021, equation 10). At 1 logits plus log base rates are the
            predictions that losses and couplings see, and the logits alone tell outcomes as if all were equally
            frequent.
        scale: "likelihood" as above, or "mean": the mean over labels instead of the sum, and each term a
            mean over the images that it acts on; meant for `Kollias2024`, as terms of `Coupling` stay sums.
        validate: whether to look at the values of logits and annotations in each call. By default
            in the first ten calls in training mode, and never inside `torch.compile`: looking at
            values makes a GPU wait. Names, shapes and types are always checked, and so are the values
            that `expect` is shown.

    Raises:
        ValueError: if task names repeat, a coupling, weight or adjustment names a task that is not there, or the
            scale is none.

    """

    terms: dict[str, Tensor]
    """Mean of each term over the images that it acts on in the last call, in nats; without gradient.

    Given `counts` of a larger batch, the part that this one adds to the mean over that. Over several ranks, as of the
    loss, the mean over ranks is that of the whole batch.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        couplings: Sequence[BaseCoupling] = (),
        *,
        weights: Mapping[str, float] | None = None,
        adjustments: Mapping[str, float] | None = None,
        scale: Literal["likelihood", "mean"] = "likelihood",
        validate: bool | None = None,
    ) -> None:
        super().__init__()
        checks.objective(tasks, couplings, weights or {}, adjustments or {}, scale)
        self.tasks = {task.name: task for task in tasks}
        self.couplings = nn.ModuleList(couplings)
        self.rates = nn.ModuleList(BaseRates(task) for task in tasks)
        self.weights, self.adjustments = dict(weights or {}), dict(adjustments or {})
        self.scale, self.validate = scale, validate
        self.terms = {}
        self._calls = 0

    def forward(
        self,
        logits: Mapping[str, Float[Tensor, "batch _"]],
        annotations: Mapping[str, Shaped[Tensor, "batch *_"]],
        *,
        set_aside: Bool[Tensor, "batch"] | None = None,
        counts: Mapping[str, Tensor] | None = None,
    ) -> Float[Tensor, ""]:
        """Loss of one batch.

        Args:
            logits: by task name, shape (batch, outputs).
            annotations: by task name, as `MultiClass` and `MultiLabel` say. A task that is absent is
                not annotated on any image of this batch.
            set_aside: images on which couplings do not act; evidence is measured there and nowhere
                else. Without it evidence is measured on all images.
            counts: what to divide by, from `count` on a larger batch of which this is a part: the
                losses of the parts then add up to that of the larger batch.

        Returns:
            The loss, a scalar in the type of the objective: float32, or float64 after `.double()`;
            `.half()` and `.bfloat16()`, which would round counts, leave it in float32. Over several
            ranks, the mean over ranks is the loss of the whole batch.

        Raises:
            KeyError, TypeError, ValueError: saying which argument is wrong, and how.

        """
        checks.batch(self.tasks, logits, annotations, set_aside, self._counts_of_first().device)
        if self._should_validate():
            checks.values(self.tasks, logits, annotations)
        with torch.autocast(next(iter(logits.values())).device.type, enabled=False):
            wide = {name: z.to(self._counts_of_first().dtype) for name, z in logits.items()}
            read = self._read(annotations, next(iter(wide.values())))
            masks = self._where(read, set_aside)
            here = self._counts(len(next(iter(wide.values()))), masks)
            if counts is not None:
                checks.counted(counts, list(here))
            whole = here if counts is None else counts
            if self.training:
                for name in self.tasks:
                    self._rates(name).update(read[name])
            views = self._views(wide, read)
            if self.training:
                self._observe(views, set_aside, here[_ALL] / whole[_ALL].clamp(min=1))
            return self._reduce(views, masks, whole)

    def count(
        self,
        annotations: Mapping[str, Shaped[Tensor, "batch *_"]],
        *,
        set_aside: Bool[Tensor, "batch"] | None = None,
    ) -> dict[str, Tensor]:
        """How many images there are, and how many each term acts on, over all ranks, by the term's name.

        For gradient accumulation: count the whole batch, or add up the counts of its parts, and
        pass the result as `counts` to each part's call. Under `torch.distributed` every rank calls it.
        """
        checks.annotated(self.tasks, annotations, set_aside)
        some = next(iter(annotations.values()))
        read = self._read(annotations, some.new_zeros(len(some), 1, dtype=torch.get_default_dtype()))
        return self._counts(len(some), self._where(read, set_aside))

    @torch.no_grad()
    def expect(
        self,
        annotations: Mapping[str, Shaped[Tensor, "images *_"]],
        *,
        set_aside: Bool[Tensor, "images"] | None = None,
    ) -> None:
        """Show all annotations that training will draw from; `fit` does.

        Where few images are annotated they come back again and again. Couplings that know how many there are count each
        once (`AnnotatedRows`, `Evidence`); without this call, as often as it comes.

        Args:
            annotations: by task name, of all training images. A task that is absent is annotated on none.
            set_aside: as in `forward`.

        Raises:
            ValueError: if a value is no annotation of its task.

        """
        checks.annotated(self.tasks, annotations, set_aside)
        images = len(next(iter(annotations.values())))
        known = {name: torch.zeros(images, task.variables, dtype=torch.bool) for name, task in self.tasks.items()}
        for name, values in annotations.items():
            for first in range(0, images, _PART):
                part = values[first : first + _PART]
                checks.annotation_values(self.tasks[name], part, first=first)
                known[name][first : first + _PART] = self.tasks[name].annotation(part).known
        measured = torch.ones(images, dtype=torch.bool) if set_aside is None else set_aside.cpu()
        for coupling in self.coupled():
            coupling.expect(known, measured)

    def coupled(self) -> list[BaseCoupling]:
        """The couplings."""
        return cast("list[BaseCoupling]", list(self.couplings))

    def relations(self) -> list[Relation]:
        """The relations of all couplings."""
        return [relation for coupling in self.coupled() for relation in coupling.related()]

    def evidence(self) -> dict[str, Float[Tensor, "variables"]]:
        """Evidence of each relation for each variable of its target, by the relation's name."""
        return {
            relation.name: evidence().detach()
            for coupling in self.coupled()
            for relation, evidence in coupling.judged()
        }

    def corrected(self) -> dict[str, Float[Tensor, "classes outputs"]]:
        """Table of each relation as annotations of its target have corrected it so far, by the relation's name.

        It is the one that the target is taught (`CorrectedTable`), in the layout of `Relation.table`.
        """
        return {
            relation.name: relation.target.by_output(log_table.exp())
            for coupling in self.coupled()
            for relation, log_table in coupling.taught()
        }

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Objective":
        """Move to another device or type, but keep counts and tables in float32 or wider."""

        def wide(tensor: Tensor) -> Tensor:
            moved = fn(tensor)
            narrow = moved.is_floating_point() and moved.dtype.itemsize < 4
            return tensor.to(moved.device) if narrow else moved

        super()._apply(wide, recurse)  # type: ignore[no-untyped-call]
        return self

    def _counts_of_first(self) -> Tensor:
        """A tensor of the type and on the device that all else is kept in."""
        return self._rates(next(iter(self.tasks))).counts

    def _rates(self, name: str) -> BaseRates:
        return cast("BaseRates", self.rates[list(self.tasks).index(name)])

    def _should_validate(self) -> bool:
        if torch.compiler.is_compiling():
            return False
        if self.validate is not None:
            return self.validate
        self._calls += self.training
        return self.training and self._calls <= _CHECKED_CALLS

    def _read(self, annotations: Mapping[str, Tensor], like: Tensor) -> dict[str, Annotation]:
        """Annotations in the layout of the losses; a task that is absent is unknown throughout."""
        read = {}
        for name, task in self.tasks.items():
            absent = like.new_full((len(like), len(task.outputs)), torch.nan)
            soft, known = task.annotation(annotations.get(name, absent))
            read[name] = Annotation(soft.to(like.dtype), known)
        return read

    def _views(self, logits: Mapping[str, Tensor], read: Mapping[str, Annotation]) -> dict[str, View]:
        return {
            name: View(self._adjusted(task, logits[name]), *read[name], self._rates(name).log_rates())
            for name, task in self.tasks.items()
        }

    def _adjusted(self, task: Task, logits: Tensor) -> Float[Tensor, "batch variables outcomes"]:
        log_p = task.log_probabilities(logits)
        strength = self.adjustments.get(task.name, 0.0)
        return (log_p + strength * self._rates(task.name).log_rates()).log_softmax(-1) if strength else log_p

    def _observe(self, views: Mapping[str, View], set_aside: Tensor | None, step: Float[Tensor, ""]) -> None:
        some = next(iter(views.values())).log_p
        measured = some.new_ones(len(some)) if set_aside is None else set_aside.to(some.dtype)
        for coupling in self.coupled():
            coupling.observe(views, measured, step)

    def _where(
        self, read: Mapping[str, Annotation | View], set_aside: Tensor | None
    ) -> dict[Term, Bool[Tensor, "batch _"]]:
        known = {name: part.known for name, part in read.items()}
        some = next(iter(known.values()))
        act = some.new_ones(len(some)) if set_aside is None else ~set_aside
        masks = {Term("task", name): mask for name, mask in known.items()}
        for coupling in self.coupled():
            masks |= coupling.where(known, act)
        return masks

    def _losses(self, views: Mapping[str, View]) -> dict[Term, Float[Tensor, "batch _"]]:
        losses = {}
        for name, view in views.items():
            loss = cross_entropy(view.soft, view.log_p)
            if self.scale == "mean":
                loss = loss / view.known.sum(-1, keepdim=True).clamp(min=1)
            losses[Term("task", name)] = loss
        for coupling in self.coupled():
            losses |= coupling.losses(views)
        return losses

    def _reduce(
        self,
        views: Mapping[str, View],
        masks: Mapping[Term, Bool[Tensor, "batch _"]],
        counts: Mapping[str, Tensor],
    ) -> Float[Tensor, ""]:
        losses = self._losses(views)
        total = next(iter(views.values())).log_p.new_zeros(())
        self.terms = {}
        coupled = dict.fromkeys(term.of or term.on for term in masks if term.kind != "task")
        settled = {name: self._rates(name).settled() for name in coupled if self.scale == "likelihood"}
        for term, mask in masks.items():
            summed, count = torch.where(mask, losses[term], 0.0).sum(), counts[str(term)].clamp(min=1)
            self.terms[str(term)] = summed.detach() / count * ranks()
            weight = self.weights.get(term.on, 1.0) if term.kind == "task" else 1.0
            if self.scale == "mean":
                total = total + summed * (weight / count)
            else:
                part = 1.0 if term.kind == "task" else settled[term.of or term.on]
                total = total + summed * (weight * part / counts[_ALL].clamp(min=1))
        return total * ranks()

    def _counts(self, images: int, masks: Mapping[Term, Bool[Tensor, "batch _"]]) -> dict[str, Tensor]:
        """Images of the batch, and those that each term acts on, over all ranks."""
        counts = [mask.any(-1).sum() for mask in masks.values()]
        whole = torch.stack([torch.full_like(counts[0], images), *counts]).to(self._counts_of_first().dtype)
        return dict(zip([_ALL, *map(str, masks)], all_sum(whole).unbind(), strict=True))
