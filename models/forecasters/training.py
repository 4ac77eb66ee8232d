"""A silent Lightning fit, with validation that can report, stop early and be pruned."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException

from models.errors import ModelError
from models.forecasters.optimisation import Report
from models.forecasters.trained_module import TrainedModule


class Validation(pl.Callback):
    """After each epoch: report the validation loss, keep the best weights, stop early.

    batches    makes one pass over the validation rows
    patience   epochs without a better loss before the end; None never stops
    """

    def __init__(
        self,
        batches: Callable[[], Iterable[Any]],
        patience: int | None,
        report: Report | None,
    ) -> None:
        self._batches = batches
        self._patience = patience
        self._report = report
        self._best = float("inf")
        self._stale = 0
        self._weights: dict[str, torch.Tensor] = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        loss = self._evaluate(pl_module)
        if self._report is not None:
            self._report(trainer.current_epoch, loss)
        if self._patience is not None:
            self._judge(trainer, pl_module, loss)

    def on_train_end(self, _trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._weights:
            pl_module.load_state_dict(self._weights)

    def _evaluate(self, module: pl.LightningModule) -> float:
        if not isinstance(module, TrainedModule):
            raise TypeError(f"expected a TrainedModule, got {type(module).__name__}")
        module.eval()
        loss = module.mean_loss(self._batches())
        module.train()
        return loss

    def _judge(self, trainer: pl.Trainer, module: pl.LightningModule, loss: float) -> None:
        self._stale += 1
        if loss < self._best:
            self._best, self._stale = loss, 0
            self._weights = {k: v.detach().clone() for k, v in module.state_dict().items()}
        trainer.should_stop = self._stale >= (self._patience or 1)


class PassInterrupt(pl.Callback):
    """Let Ctrl-C through: Lightning would turn it into an exit and stay deaf to the next."""

    def on_exception(
        self, _trainer: pl.Trainer, _module: pl.LightningModule, exception: BaseException
    ) -> None:
        if isinstance(exception, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise exception


def run_training(
    module: TrainedModule[Any],
    batches: Iterable[Any],
    *,
    epochs: int,
    gradient_clip: float | None,
    accelerator: str,
    callbacks: Iterable[pl.Callback] = (),
) -> None:
    """Fit a module without a word, a file or a progress bar.

    Raises ModelError when the accelerator is not there; exceptions of callbacks pass.
    """
    with quiet():
        try:
            trainer = pl.Trainer(
                max_epochs=epochs,
                gradient_clip_val=gradient_clip,
                accelerator=accelerator,
                devices=1,
                # Last, because it raises: others put things back before.
                callbacks=[*callbacks, PassInterrupt()],
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                use_distributed_sampler=False,
            )
        # A kind whose own library is missing is as good as one that is not there.
        except (MisconfigurationException, ValueError, ImportError) as error:
            raise ModelError(
                f"training.accelerator: {accelerator!r} cannot be used here ({error}); choose cpu"
            ) from error
        trainer.fit(module, train_dataloaders=batches)
    module.cpu().eval()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's banners and advice while inside."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    rank_zero = [logging.getLogger(f"{logger.name}.utilities.rank_zero") for logger in loggers]
    levels: list[tuple[Any, int]] = [(lg, lg.level) for lg in (*loggers, *rank_zero)]
    for logger, _ in levels:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)
