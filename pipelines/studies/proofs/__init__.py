"""The proofs, one file each, which holds a `PROOF`; a file that is here is found."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from models.errors import ConfigError
from pipelines.studies.proof import Proof


def all_proofs() -> dict[str, Proof]:
    """Name -> proof, by name of the file."""
    found = [
        import_module(f"{__name__}.{module.name}").PROOF
        for module in sorted(iter_modules(__path__), key=lambda each: each.name)
    ]
    return {proof.name: proof for proof in found}


def chosen_proofs(names: list[str]) -> dict[str, Proof]:
    """Those of these names, or all without any. Raises ConfigError for an unknown one."""
    known = all_proofs()
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise ConfigError(f"--only: no proof called {name!r}{hint}; known: {', '.join(known)}")
    return {name: known[name] for name in names or known}
