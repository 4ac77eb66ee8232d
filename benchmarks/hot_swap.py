"""Promotions under load: does every answer come, is it one version's, and how long does it take?

    HALYARD_HOME=/tmp/home halyard serve &   then, with the same HALYARD_HOME,
    python -m benchmarks.hot_swap --port 3000

It stores two further versions of each champion of that home, and promotes them back and
forth while requests come at a fixed pace, in turns with the same pace without promotions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.open_load import Answered, OpenLoad
from benchmarks.swap_load import (
    NAMES,
    Promotion,
    Right,
    asks,
    judge,
    right_answers,
    swap_under_load,
    variants,
)
from benchmarks.timing import machine
from pipelines import registry
from pipelines.registry import StoredModel

RESULTS = Path(__file__).parent / "results" / "hot_swap.json"
#: Turns of the load without and the load with promotions.
ROUNDS = 3
#: How long a server may take to answer from what was promoted, s.
PATIENCE = 60.0


async def settle(port: int, right: Right, models: Mapping[str, Sequence[StoredModel]]) -> None:
    """Promote the first versions and wait until they answer. Raises TimeoutError."""
    for versions in models.values():
        registry.promote(versions[0], why="hot swap under load")
    wanted = {name: versions[0].version for name, versions in models.items()}
    last = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                load = OpenLoad(port, [ask for ask in asks() if ask.name == "models"], 10.0)
                await load.run(0.1)
                (answer,) = load.answered
                last = answer.content
                if right.get((answer.name, last)) == wanted:
                    return
    except TimeoutError as error:
        raise TimeoutError(
            f"port {port}: expected /v1/models to tell of {wanted} within {PATIENCE:g} s, last it "
            f"said {last[:400].decode(errors='replace')}; serve the same HALYARD_HOME, without "
            "corrections of another emulator"
        ) from error


async def measure(port: int, seconds: float, per_second: float, every: float) -> dict[str, Any]:
    """The same load without and with promotions, in turns, since others use the machine too."""
    before = {name: registry.get_model(name) for name in NAMES}
    models = {name: variants(name) for name in NAMES}
    right = right_answers(models, asks())
    quiet: list[Answered] = []
    swapping: list[Answered] = []
    promotions: list[Promotion] = []
    try:
        await settle(port, right, models)
        # Unmeasured, since the first of each kind loads libraries.
        await OpenLoad(port, asks(), per_second).run(len(asks()) / per_second)
        for _ in range(ROUNDS):
            await settle(port, right, models)
            calm = OpenLoad(port, asks(), per_second)
            await calm.run(seconds)
            quiet += calm.answered
            answered, done = await swap_under_load(
                port, models, right, seconds=seconds, per_second=per_second, every=every
            )
            swapping += answered
            promotions += done
    finally:
        for stored in before.values():
            registry.promote(stored, why="as before the hot swap under load")
    firsts = [promotion.first for promotion in promotions if promotion.first is not None]
    return {
        "machine": machine(),
        "per_second": per_second,
        "seconds": ROUNDS * seconds,
        "quiet": asdict(judge(quiet, right)),
        "swapping": asdict(judge(swapping, right)),
        "promotions": len(promotions),
        "answered_by_the_new_version": len(firsts),
        "first_answer_seconds": {
            "median": round(float(np.median(firsts)), 2) if firsts else None,
            "worst": round(max(firsts), 2) if firsts else None,
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="promotions while a server is asked")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a turn")
    parser.add_argument("--per-second", type=float, default=50.0)
    parser.add_argument("--every", type=float, default=2.5, help="seconds between promotions")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    found = asyncio.run(measure(options.port, options.seconds, options.per_second, options.every))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, allow_nan=False)
    options.out.write_text(text + "\n", "utf-8")
    print(text)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
