"""How what several sources ask of a network becomes one gradient."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from conjoin.data import Batch
from conjoin.network import Network
from conjoin.objective import Objective


class Balance(nn.Module):
    """The plain sum: one forward a batch, and the gradient of its loss.

    `Scalarized` weighs the losses of the sources instead, `Aggregated` their gradients.
    """

    def logits(self, network: Network, images: Float[Tensor, "batch channels height width"]) -> dict[str, Tensor]:
        """Logits of a batch, by task name."""
        logits: dict[str, Tensor] = network(images)
        return logits

    def loss(
        self,
        loss: Float[Tensor, ""],
        objective: Objective,
        logits: Mapping[str, Tensor],
        batch: Batch,
        sets_aside: bool,
    ) -> Float[Tensor, ""]:
        """What is to be differentiated.

        Args:
            loss: the objective's, of the whole batch.
            objective: which gave it.
            logits: of the batch.
            batch: images of one source after another.
            sets_aside: whether some images are set aside from couplings.

        """
        del objective, logits, batch, sets_aside
        return loss

    def backward(self, loss: Float[Tensor, ""], network: Network) -> None:
        """Add gradients to those of all parameters."""
        del network
        loss.backward()
