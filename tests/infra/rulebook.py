"""All house rules, by name: every public function of the modules of `rules/` is one."""

from collections.abc import Callable, Iterator
from inspect import isfunction
from typing import Final

from .rules import (
    events,
    functions,
    money,
    monitoring,
    names,
    outputs,
    permissions,
    queues,
    routes,
    stacks,
    tables,
    users,
)
from .stage import Stage

Rule = Callable[[Stage], Iterator[str]]

MODULES: Final = (
    events,
    functions,
    money,
    monitoring,
    names,
    outputs,
    permissions,
    queues,
    routes,
    stacks,
    tables,
    users,
)

RULES: Final[dict[str, Rule]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
}
