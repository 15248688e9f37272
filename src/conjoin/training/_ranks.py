"""How many processes train together, and where."""

import os
from typing import Any

from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from conjoin.distributed import ranks


def trainer_ranks() -> dict[str, Any]:
    """What Lightning's trainer is to be told: the ranks that torchrun started, else one device.

    Raises:
        ValueError: if there is a process group, but not of torchrun's: on which device a process is
            to train is not known then.

    """
    if TorchElasticEnvironment.detect():
        here, everywhere = (int(os.environ[name]) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    else:
        here = everywhere = 1
    if ranks() not in (1, everywhere):
        raise ValueError(f"`torchrun` should start the processes that train together. Found {ranks()} without it.")
    # what trains on one rank trains on several: parameters that a backbone does not use are no error there
    strategy = "ddp_find_unused_parameters_true" if everywhere > 1 else "auto"
    return {"devices": here, "num_nodes": everywhere // here, "strategy": strategy}
