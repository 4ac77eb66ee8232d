"""Training of a direct network, by Lightning."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import ModelError
from models.forecasters.batches import BatchSource, ShuffledBatches
from models.forecasters.direct_network import DirectNetwork
from models.forecasters.lightning import DirectForecaster
from models.forecasters.optimisation import Optimisation, Report
from models.forecasters.pretraining import hide_past, pretrain
from models.forecasters.settings import TrainingConfig
from models.forecasters.target_layers import direct_space
from models.forecasters.target_training import run_parametrised
from models.forecasters.training import Validation
from models.heads import Head

#: Rows per forward pass of a validation.
CHUNK = 8192


def train_direct(
    network: DirectNetwork,
    head: Head,
    loss: str,
    train: BatchSource,
    valid: Callable[[], BatchSource],
    training: TrainingConfig,
    report: Report | None = None,
    everything: Callable[[], BatchSource] | None = None,
) -> None:
    """Train in place; `valid` makes the rows for stopping and reports, when there are any.

    everything  makes the rows for pre-training, those of `train` by default

    Raises ModelError when stopping or reports need outcomes and `valid` has none.
    """
    if training.pretraining_epochs:
        source = train if everything is None else everything()
        hidden = ShuffledBatches(source, training.batch_size, training.seed)
        pretrain(network.backbone, hidden, source.channels, hide_past, training)
    batches = ShuffledBatches(train, training.batch_size, training.seed)
    module = DirectForecaster(network, head, loss, Optimisation.of(training, len(batches)))
    run_parametrised(
        module,
        lambda: direct_space(
            network, train, training.target, adopt=training.pretraining_epochs > 0
        ),
        batches,
        training,
        _callbacks(valid, training.patience, report),
    )


def _callbacks(
    valid: Callable[[], BatchSource], patience: int | None, report: Report | None
) -> list[Validation]:
    if patience is None and report is None:
        return []
    source = valid()
    if not source.outcomes:
        raise ModelError(
            "no validation row has an outcome: early stopping and reports need some; "
            "give validation rows or set training.patience to null"
        )
    return [Validation(lambda: source.in_order(CHUNK), patience, report)]
