"""The shape of the code: files and imports of each room, lengths of functions, the path of a message."""

from __future__ import annotations

import ast
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median, quantiles
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "memory")


def main() -> None:
    modules = {_name(file): file for folder in PRODUCT for file in sorted((ROOT / folder).rglob("*.py"))}
    trees = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in modules.items()}
    rooms = Counter(file.parent.relative_to(ROOT).as_posix() for file in modules.values())
    arrows = {(_room(modules[name]), _room(modules[found])) for name, tree in trees.items()
              for found in _imports(tree, modules) if _room(modules[name]) != _room(modules[found])}  # fmt: skip
    out, into = Counter(source for source, _ in arrows), Counter(target for _, target in arrows)
    print(f"{'room':32} {'files':>5} {'imports from':>13} {'imported by':>12}")
    for room, files in sorted(rooms.items()):
        print(f"{room:32} {files:5} {out[room]:13} {into[room]:12}")
    print(f"rooms: {len(rooms)}; arrows between rooms: {len(arrows)}; most files in a room: {max(rooms.values())}")
    lengths = [node.end_lineno - node.lineno + 1 for tree in trees.values() for node in ast.walk(tree)
               if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno]  # fmt: skip
    print(
        f"functions: {len(lengths)}; lines: median {median(lengths):.0f}, 90th percentile {quantiles(lengths, n=10)[-1]:.0f}"
    )
    classes = Counter(node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    print(f"class names that stand for two things: {sum(n > 1 for n in classes.values())}")
    print(f"lines of app.py: {len((ROOT / 'app.py').read_text().splitlines())}")
    functions, files = _one_message()
    print(f"one customer message: {functions} functions in {files} files")


def _one_message() -> tuple[int, int]:
    """(functions, files) that run, in all threads, from the webhook to the sent reply."""
    from tests.world import open_shop

    ran: set[CodeType] = set()
    listening = threading.Event()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and listening.is_set():
            ran.add(frame.f_code)

    threading.setprofile(note)  # for threads that start from now on: the worker's and the web server's
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder)) as shop:
        person = shop.person()
        person.says("hi, I'm John")
        listening.set()
        person.says("gaming laptop under 1500 euros")
        listening.clear()
    threading.setprofile(None)
    product = {code for code in ran if not code.co_name.startswith("<")
               and any(code.co_filename.startswith(f"{ROOT / each}/") for each in PRODUCT)
               and "/simulator/" not in code.co_filename}  # fmt: skip
    return len(product), len({code.co_filename for code in product})


def _name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _room(file: Path) -> str:
    return file.parent.relative_to(ROOT).as_posix()


def _imports(tree: ast.Module, modules: Mapping[str, Path]) -> Iterator[str]:
    """Modules of the product."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                found = f"{node.module}.{alias.name}"
                if found in modules or node.module in modules:
                    yield found if found in modules else node.module


if __name__ == "__main__":
    main()
