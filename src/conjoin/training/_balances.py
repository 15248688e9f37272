"""Balances by name."""

from collections.abc import Sequence
from importlib.util import find_spec

from conjoin.network import Network
from conjoin.training._balance import Balance


def known_balance(name: str) -> None:
    """Check that what a balance needs is installed, before anything is done.

    Raises:
        ValueError: if it is not.

    """
    if name != "sum" and find_spec("torchjd") is None:
        raise ValueError(f"`balance: {name}` should have TorchJD installed. Found none: pip install 'conjoin[balance]'")


def make_balance(name: str, network: Network, sizes: Sequence[int], ranks: int) -> Balance:
    """The balance of a run; of a single source there is nothing to balance.

    Args:
        name: `TrainingSettings.balance`.
        network: what is trained.
        sizes: images of each source in a batch, which holds one after another.
        ranks: how many processes train together.

    Raises:
        ValueError: if TorchJD is not installed, several processes train together, or there are gradients to be
            aggregated and the backbone is frozen.

    """
    known_balance(name)
    if name == "sum":
        return Balance()
    if ranks > 1:
        raise ValueError(
            f"`balance` should be 'sum' where several processes train together. Found {name!r} on {ranks}."
        )
    if len(sizes) == 1:
        return Balance()
    from conjoin.training._aggregated import AGGREGATORS, Aggregated  # noqa: PLC0415 (TorchJD is an extra)
    from conjoin.training._scalarized import SCALARIZERS, Scalarized  # noqa: PLC0415

    if name in SCALARIZERS:
        return Scalarized(SCALARIZERS[name](len(sizes)), sizes)
    if not any(p.requires_grad for p in network.backbone.parameters()):
        raise ValueError(f"`balance` should be a way to sum losses where the backbone is frozen. Found {name!r}.")
    return Aggregated(AGGREGATORS[name], sizes)
