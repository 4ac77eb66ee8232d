"""Training of a direct network, by Lightning."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import ModelError
from models.forecasters.batches import BatchSource, ShuffledBatches
from models.forecasters.direct_network import DirectNetwork
from models.forecasters.lightning import DirectForecaster
from models.forecasters.optimisation import Optimisation, Report
from models.forecasters.settings import TrainingConfig
from models.forecasters.training import Validation, run_training
from models.forecasters.weight_noise import with_weight_noise
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
) -> None:
    """Train in place; `valid` makes the rows for stopping and reports, when there are any.

    Raises ModelError when these need outcomes and `valid` has none.
    """
    batches = ShuffledBatches(train, training.batch_size, training.seed)
    module = DirectForecaster(network, head, loss, Optimisation.of(training, len(batches)))
    run_training(
        module,
        batches,
        epochs=training.epochs,
        gradient_clip=training.gradient_clip,
        accelerator=training.accelerator,
        callbacks=with_weight_noise(
            _callbacks(valid, training.patience, report), training.weight_noise
        ),
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
