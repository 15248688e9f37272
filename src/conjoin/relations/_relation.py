"""The table P(target outcome | source class) and Bayes' rule through it, in log space."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from conjoin.tasks import MultiClass, MultiLabel, Task

TO_LEARN = "to be learnt"

UNCOUNTED = 16.0
"""How many images a row is taken to be worth where nobody knows what it was counted from."""


def mixture(
    log_source: Float[Tensor, "batch classes"], log_table: Float[Tensor, "classes variables outcomes"]
) -> Float[Tensor, "batch variables outcomes"]:
    """Log of the rows of a table mixed, log(p_source @ table)."""
    return torch.logsumexp(log_source[:, :, None, None] + log_table, 1)


class Relation(nn.Module):
    """What a multi-class source task says about a target task.

    Args:
        source: the task whose classes are the rows of the table.
        target: a `MultiLabel` or `MultiClass` task; its outputs are the columns.
        table: P(target output | source class), shape (C, L) for labels, (C, K) for classes
            (rows sum to one). A column that is the same in every row says nothing of its label.
        count: how many images, of the kind that annotate the target, each entry was counted from, shape
            as of the table (with a multi-class target a row is worth its largest); NaN where nobody knows,
            which is taken for 16. Annotations are weighed against it.
        floor: probabilities are kept within [floor, 1 - floor], since no table is certain. Over K
            classes each entry is at least 2 * floor / K, so that many classes do not drown the
            table; rows are normalised again afterwards.
        origin: where the table comes from (a file, a publication, a count).

    Raises:
        TypeError: if the source is not a `MultiClass` task.
        ValueError: if the table has the wrong shape, entries that are not probabilities, or rows
            over classes that do not sum to one; if the counts have another shape or are negative; if the
            floor is not within (0, 0.5).

    """

    log_table: Float[Tensor, "classes variables outcomes"]
    count: Float[Tensor, "classes variables"]
    """Images that each row is worth, for each variable; at least 1."""
    is_known: bool = True
    """False where the table is still to be learnt."""
    is_learnt: bool = False
    """Whether the table was learnt from the annotations that train: another run finds it again, up to rounding."""

    def __init__(
        self,
        source: MultiClass,
        target: Task,
        table: Tensor | Sequence[Sequence[float]],
        *,
        count: Tensor | Sequence[Sequence[float]] | None = None,
        floor: float = 0.01,
        origin: str = "given",
    ) -> None:
        super().__init__()
        if not isinstance(source, MultiClass):
            raise TypeError(f"`source` should be a MultiClass task. Found {type(source).__name__}.")
        if not 0 < floor < 0.5:
            raise ValueError(f"`floor` should lie within (0, 0.5). Found {floor}.")
        self.source, self.target, self.floor, self.origin = source, target, floor, origin
        values = self._numbers("table", table)
        self._check(values)
        counts = torch.full_like(values, UNCOUNTED) if count is None else self._numbers("count", count)
        self._check_counts(counts)
        if isinstance(target, MultiLabel):
            values = values.clamp(floor, 1 - floor)
            layout = torch.stack([1 - values, values], -1)
        else:
            values = values.clamp(min=2 * floor / len(target.outputs))
            layout = (values / values.sum(-1, keepdim=True)).unsqueeze(1)
        self.register_buffer("log_table", layout.log().to(torch.get_default_dtype()))
        known = counts.nan_to_num(-1.0)
        by_variable = known if isinstance(target, MultiLabel) else known.amax(-1, keepdim=True)
        worth = torch.where(by_variable < 0, UNCOUNTED, by_variable).clamp(min=1)
        self.register_buffer("count", worth.to(torch.get_default_dtype()))

    @classmethod
    def unknown(cls, source: MultiClass, target: Task) -> "Relation":
        """A relation whose table is to be learnt: until then every row is the same, which says nothing."""
        even = 0.5 if isinstance(target, MultiLabel) else 1 / len(target.outputs)
        relation = cls(source, target, [[even] * len(target.outputs)] * len(source.outputs), origin=TO_LEARN)
        relation.is_known = False
        return relation

    @property
    def name(self) -> str:
        """`source->target`."""
        return f"{self.source.name}->{self.target.name}"

    @property
    def table(self) -> Float[Tensor, "classes outputs"]:
        """The table in use, after the floor: shape (C, L) or (C, K)."""
        return self.target.by_output(self.log_table.exp())

    def implied(self, log_source: Float[Tensor, "batch classes"]) -> Float[Tensor, "batch variables outcomes"]:
        """Log of the implied distribution of the target, log(p_source @ table)."""
        return mixture(log_source, self.log_table)

    def log_likelihood(self, soft: Float[Tensor, "batch variables outcomes"]) -> Float[Tensor, "batch classes"]:
        """Log-likelihood of target annotations under each source class, naive Bayes.

        Args:
            soft: probability of each outcome; all zero for a variable that is not annotated.

        """
        return torch.einsum("bvo,cvo->bc", soft, self.log_table)

    def posterior(
        self, log_prior: Float[Tensor, "batch classes"], soft: Float[Tensor, "batch variables outcomes"]
    ) -> Float[Tensor, "batch classes"]:
        """Log of the posterior of the source class given target annotations, by Bayes' rule."""
        return (log_prior + self.log_likelihood(soft)).log_softmax(-1)

    def extra_repr(self) -> str:
        """Name, shape and origin."""
        return f"{self.name}, {len(self.source.outputs)}x{len(self.target.outputs)}, {self.origin}"

    def _numbers(self, what: str, rows: Tensor | Sequence[Sequence[float]]) -> Float[Tensor, "classes outputs"]:
        where = f"`{what}` of relation {self.name}"
        try:
            values = torch.as_tensor(rows, dtype=torch.float64).detach()
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where} should be rows of numbers. {error}") from error
        expected = (len(self.source.outputs), len(self.target.outputs))
        if tuple(values.shape) != expected:
            hint = " It looks transposed." if tuple(values.shape) == expected[::-1] else ""
            raise ValueError(
                f"{where} should have shape {expected}: a row for each class of {self.source.name!r}, a column "
                f"for each output of {self.target.name!r}. Found {tuple(values.shape)}.{hint}"
            )
        return values

    def _check_counts(self, counts: Tensor) -> None:
        if bad := ((counts < 0) | counts.isinf()).nonzero().tolist():
            row, column = bad[0]
            raise ValueError(
                f"`count` of relation {self.name} should hold numbers of images, or NaN where nobody knows. Found "
                f"{counts[row, column].item():g} for class {self.source.outputs[row]!r}, output "
                f"{self.target.outputs[column]!r} ({len(bad)} in all)."
            )

    def _check(self, values: Tensor) -> None:
        where = f"`table` of relation {self.name}"
        if bad := (~((values >= 0) & (values <= 1))).nonzero().tolist():
            row, column = bad[0]
            raise ValueError(
                f"{where} should hold probabilities within [0, 1]. Found {values[row, column].item():g} for class "
                f"{self.source.outputs[row]!r}, output {self.target.outputs[column]!r} ({len(bad)} in all). "
                "Percentages are divided by 100; for an unknown entry give the output's base rate."
            )
        if isinstance(self.target, MultiClass):
            sums = values.sum(-1)
            if off := ((sums - 1).abs() > 1e-3).nonzero().flatten().tolist():
                raise ValueError(
                    f"{where} should have rows that sum to 1, since {self.target.name!r} is multi-class. Found "
                    f"{sums[off[0]].item():g} for class {self.source.outputs[off[0]]!r} ({len(off)} rows in all). "
                    "Is the table P(source | target) instead, or does it hold counts?"
                )
