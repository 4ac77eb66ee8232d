"""Deep knowledge tracing on synthetic students, with naive rows and several metrics beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from models.contract import FloatArray
from pipelines.evaluation.binary_scores import binary_scores, ranks
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.tasks.knowledge_tracing import (
    EXERCISES,
    Answers,
    as_last_time,
    load_answers,
    logistic_regression,
    one_hot,
    running_mean,
    share_right,
)

#: Area under the curve that the network has to reach, in full and short form.
WANTED = {"k5": (0.815, 0.79), "k2": (0.865, 0.855)}
MODEL = "LSTM"
HIDDEN, DROPOUT, RATE, BATCH = 100, 0.2, 1e-2, 64
EPOCHS, SHORT_EPOCHS = 12, 4


class Tracer(nn.Module):
    """Output per exercise: what was answered so far -> probability of each exercise's answer."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(2 * EXERCISES, HIDDEN, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(HIDDEN, EXERCISES)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Log-odds of the exercise after each step, student × step; all ask the same ones."""
        states = self.dropout(self.recurrent(seen)[0])
        odds: torch.Tensor = self.output(states)
        return odds[:, :-1].diagonal(offset=1, dim1=1, dim2=2)


def trace(answers: Answers, epochs: int, seed: int) -> FloatArray:
    """Probabilities of the test students' answers, from the second exercise on."""
    torch.manual_seed(seed)
    model, draw = Tracer(), np.random.default_rng(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    seen = torch.from_numpy(one_hot(answers.train))
    wanted = torch.from_numpy(answers.train[:, 1:].astype(np.float32))
    loss = nn.BCEWithLogitsLoss()
    for _ in range(epochs):
        for rows in torch.split(torch.from_numpy(draw.permutation(len(seen))), BATCH):
            optimizer.zero_grad()
            torch.autograd.backward(loss(model(seen[rows]), wanted[rows]))
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    with torch.inference_mode():
        odds: FloatArray = model.eval()(torch.from_numpy(one_hot(answers.test))).numpy()
    return 1.0 / (1.0 + np.exp(-odds.astype(np.float64)))


def _run(effort: Effort) -> Iterator[Check]:
    for name in WANTED:
        answers = load_answers("k5" if name == "k5" else "k2")
        forecasts = {
            MODEL: trace(answers, SHORT_EPOCHS if effort.short else EPOCHS, seed=0),
            "logistic regression": logistic_regression(answers.train, answers.test),
            "as last time": as_last_time(answers.test),
            "mean of the last 5": running_mean(answers.test, 5),
            "mean so far": running_mean(answers.test),
            "share of right answers": share_right(answers.train, len(answers.test)),
        }
        scores = {n: binary_scores(p, answers.test[:, 1:]) for n, p in forecasts.items()}
        yield from _checks(name, scores, short=effort.short)


def _checks(name: str, scores: dict[str, dict[str, float]], *, short: bool) -> Iterator[Check]:
    data = f"Synthetic-{name.upper()}"
    full, quick = WANTED[name]
    yield at_least(f"{data}: AUC of the LSTM", scores[MODEL]["auc"], quick if short else full)
    naive = scores["as last time"]
    yield at_most(f"{data}: AUC of 'as last time'", naive["auc"], 0.6)
    for model, row in scores.items():
        for metric in ("auc", "accuracy", "rmse"):
            place = ranks(scores)[model][metric]
            yield told(f"{data}: {metric} of {model}", row[metric], f"place {place} on this metric")


PROOF = Proof(
    "knowledge_tracing",
    "Sarsa, Leinonen and Hellas 2022",
    "An LSTM traces hidden skills from binary answers; naive rows and several metrics show "
    "by how much, and that models rank differently on each.",
    _run,
)
