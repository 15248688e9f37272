"""Gradients of the sources, aggregated."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torchjd.aggregation import AlignedMTLWeighting, MGDAWeighting, PCGradWeighting, UPGradWeighting, Weighting
from torchjd.linalg import PSDMatrix

from conjoin.network import Network
from conjoin.training._balance import Balance
from conjoin.training._projector import Projector

Found = Sequence[Tensor | None]
"""Gradients of one parameter by source, None where it has no part."""


def _ones(sources: int) -> Float[Tensor, "_"]:
    return torch.ones(sources, dtype=torch.float64)


AGGREGATORS: dict[str, Callable[[int], Weighting[PSDMatrix]]] = {
    "upgrad": lambda sources: UPGradWeighting(_ones(sources), Projector()),
    "pcgrad": lambda _: PCGradWeighting(),
    "mgda": lambda _: MGDAWeighting(),
    "aligned-mtl": lambda sources: AlignedMTLWeighting(_ones(sources)),
}
"""Of the number of sources: Quinton & Rey 2024, "Jacobian descent for multi-objective optimization"; Yu et al. 2020,
"Gradient surgery for multi-task learning"; Désidéri 2012 by way of Sener & Koltun 2018; Senushkin et al. 2023. Where no
gradients conflict, the first two give their sum."""


class Aggregated(Balance):
    """One forward for each source; the backbone gets its gradients aggregated, the heads summed.

    Logits are cut off from the network, so that the objective sees the whole batch at once, and its gradient for them
    is taken on through the graph of each source: together they cost what one graph of the batch does.

    Args:
        make: TorchJD's weighting of the Gramian of the gradients, of so many sources.
        sizes: images of each source in a batch, which holds one after another.

    """

    def __init__(self, make: Callable[[int], Weighting[PSDMatrix]], sizes: Sequence[int]) -> None:
        super().__init__()
        self.make, self.sizes = make, list(sizes)
        self._parts: list[dict[str, Tensor]] = []
        self._cut: dict[str, Tensor] = {}

    def logits(self, network: Network, images: Float[Tensor, "batch channels height width"]) -> dict[str, Tensor]:
        """Logits of a batch, by task name; their gradients are what `backward` goes on with.

        Raises:
            ValueError: if a source has one image, and the network cannot normalise it by itself.

        """
        try:
            self._parts = [network(part) for part in images.split(self.sizes)]
        except ValueError as error:
            if min(self.sizes) > 1:
                raise
            raise ValueError(
                "`batch_size` should give each source two images or more, as a `balance` of gradients normalises them "
                f"source by source. Found {self.sizes}. Make it larger, or let norms be (`freeze_norm`)."
            ) from error
        self._cut = {n: torch.cat([part[n].detach() for part in self._parts]).requires_grad_() for n in network.names}
        return self._cut

    def backward(self, loss: Float[Tensor, ""], network: Network) -> None:
        """Add gradients to those of all parameters."""
        super().backward(loss, network)
        shared = [p for p in network.backbone.parameters() if p.requires_grad]
        parameters = [*shared, *network.heads.parameters()]
        by_parameter = list(zip(*self._gradients(parameters), strict=True))
        weights = self._weights(by_parameter[: len(shared)])
        for number, (parameter, found) in enumerate(zip(parameters, by_parameter, strict=True)):
            if any(gradient is not None for gradient in found):
                used = weights if number < len(shared) else torch.ones_like(weights)
                gradient = (used.to(parameter)[None] @ _rows(found)).view_as(parameter)
                parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
        self._parts, self._cut = [], {}

    def _gradients(self, parameters: Sequence[Tensor]) -> list[Found]:
        """Of each source, of all parameters."""
        reached = {name: z.grad.split(self.sizes) for name, z in self._cut.items() if z.grad is not None}
        return [
            torch.autograd.grad(
                [part[name] for name in reached],
                parameters,
                [gradient[source] for gradient in reached.values()],
                allow_unused=True,
            )
            for source, part in enumerate(self._parts)
        ]

    def _weights(self, by_parameter: Sequence[Found]) -> Float[Tensor, "sources"]:
        rows = (_rows(found) for found in by_parameter if any(gradient is not None for gradient in found))
        gramian = torch.stack([row @ row.T for row in rows]).sum(0).double().cpu()
        if not gramian.isfinite().all():  # a step that the scaler of 16-bit gradients is to pass over
            return _ones(len(gramian))
        pulls = gramian.diagonal() > 0  # a source that teaches nothing here has no say: MGDA would stop for it
        weights = torch.zeros(len(gramian), dtype=gramian.dtype)
        if pulls.any():
            weights[pulls] = self.make(int(pulls.sum()))(gramian[pulls][:, pulls])
        return weights


def _rows(found: Found) -> Float[Tensor, "sources _"]:
    like = next(gradient for gradient in found if gradient is not None)
    whole = [torch.zeros_like(like) if gradient is None else gradient for gradient in found]
    return torch.stack(whole).reshape(len(found), -1)
