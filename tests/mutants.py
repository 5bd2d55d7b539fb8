"""Mutation tests of the modules that decide: `python -m tests.mutants [MODULE[::FUNCTION] …]` prints each change that no test notices.

mutmut works on a copy of the repository, so that nothing of it stays here. PostgreSQL is left out: the same tests run on
a file, and a server of its own for each mutant would take most of the time.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).resolve().parents[1]
MUTMUT: Final = Path(sys.executable).with_name("mutmut")
CONVERSATIONS: Final = ("tests/memory/conversations/test_turns.py", "tests/memory/conversations/test_messages.py")
# Module → the tests that are to notice its mistakes; of these rooms every module decides.
DECIDING: Final = {
    **{
        module.relative_to(HOME).as_posix(): tests
        for room, tests in {"bot/promises": ("tests/promises",), "bot/ads/changes": ("tests/ads/changes",)}.items()
        for module in sorted((HOME / room).rglob("*.py"))
        if module.name != "__init__.py"
    },
    "bot/ads/budgets/allocation.py": ("tests/ads/budgets",),
    "bot/ads/budgets/daily_decisions.py": ("tests/ads/budgets", "tests/ads/morning"),
    "bot/ads/budgets/losing_ad_test.py": ("tests/ads/budgets",),
    "bot/delivery/outbox.py": ("tests/delivery/test_outbox.py",),
    "bot/delivery/turn_changes.py": ("tests/delivery", "tests/sales"),
    "memory/conversations/turns.py": CONVERSATIONS,  # with the leases
}
LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.db-*", "mutants")


def main(asked: Sequence[str]) -> None:
    """Show the survivors of these modules, or of all that are named in DECIDING."""
    unknown = [words for words in asked if words.partition("::")[0] not in DECIDING]
    if unknown:
        sys.exit(f"no tests are named for {', '.join(unknown)}; add them to DECIDING in tests/mutants.py")
    for words in asked or DECIDING:
        show_survivors(*words.split("::"))


def show_survivors(module: str, function: str = "") -> None:
    """Try the mutants of a module, or of one function, and show those that the tests let pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "hawker"
        shutil.copytree(HOME, copy, ignore=LEFT_OUT, symlinks=True)
        with (copy / "pyproject.toml").open("a") as settings:
            settings.write(mutmut_settings(copy, module))
        only = f"{module.removesuffix('.py').replace('/', '.')}.*{function}__mutmut_*"
        subprocess.run([MUTMUT, "run", "--max-children", "1", only], cwd=copy, check=True, stdout=sys.stderr)
        listed = subprocess.run([MUTMUT, "results"], cwd=copy, check=True, capture_output=True, text=True).stdout
        names = [line.partition(":")[0].strip() for line in listed.splitlines() if line.endswith(": survived")]
        told = [
            subprocess.run([MUTMUT, "show", name], cwd=copy, check=True, capture_output=True, text=True).stdout
            for name in names
        ]
    told = [diff for diff in told if not same_in_lower_case(diff)]
    sys.stdout.write("".join(told) + f"{module}: {len(told)} survived\n")


def same_in_lower_case(diff: str) -> bool:
    """Whether a text was only written in lower case: SQL is the same then, since its values are in lower case."""
    lines = diff.splitlines()
    taken, put = ([line[1:] for line in lines if re.match(rf"\{sign}[^{sign}]", line)] for sign in "-+")
    return [line.lower() for line in taken] == [line.lower() for line in put] and sum(
        map(str.isupper, "".join(put))
    ) < sum(map(str.isupper, "".join(taken)))


def mutmut_settings(copy: Path, module: str) -> str:
    """A section of pyproject.toml; JSON's texts and lists are TOML's."""
    own = ("bot", "memory", "tests", "pyproject.toml")
    settings = {
        "source_paths": ["bot", "memory"],
        "only_mutate": [module],
        "also_copy": [path.name for path in copy.iterdir() if path.name not in own],
        "pytest_add_cli_args": ["-k", "not postgresql", "-m", "not exhaustive"],
        "pytest_add_cli_args_test_selection": list(DECIDING[module]),
        "timeout_constant": 60.0,
        "track_dependencies": False,
        "use_git_change_detection": False,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


if __name__ == "__main__":
    main(sys.argv[1:])
