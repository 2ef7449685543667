"""A small language for request tables: what a field may hold, and how the API refuses what it may not.

A shape checks one decoded JSON value. `at` is the dotted path of the value, as the API names it in `param`:
`session.audio.input.format`, `session.tools[0].type`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeGuard

from demo.provider.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


class Shape(Protocol):
    """Checks one decoded JSON value."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The JSON kinds this shape may accept: a union picks its member by them."""
        ...

    def check(self, value: object, at: str) -> None:
        """Return when `value` fits.

        Raises:
            Refused: 400 with the API's code, and the path of the offending part as `param`.
        """
        ...


def kind_of(value: object) -> str:
    """Name the JSON kind of a decoded value; an integer is its own kind, and true is not one."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = ((str, "string"), (int, "integer"), (float, "decimal"), (list, "array"), (dict, "object"))
    return next(name for kind, name in names if isinstance(value, kind))


def wrong_kind(value: object, at: str, wanted: tuple[str, ...]) -> Refused:
    """Make the refusal of a value of the wrong JSON kind."""
    message = f"'{at}' has the wrong type: {' or '.join(wanted)} wanted, {kind_of(value)} given."
    return Refused(message, code="invalid_type", param=at or None)


def wrong_value(value: object, at: str, wanted: tuple[str, ...]) -> Refused:
    """Make the refusal of a value outside of an enumeration; like the API's, its message echoes the value."""
    message = f"'{at}' cannot be {value!r}. It can be: {', '.join(wanted)}."
    return Refused(message, code="invalid_value", param=at or None)


def below(at: str, name: str) -> str:
    """Give the path of member `name` of the object at `at`."""
    return f"{at}.{name}" if at else name


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Tell whether a decoded value is a JSON object."""
    return isinstance(value, dict)


@dataclass(frozen=True, slots=True)
class Text:
    """A string, of any content or one of `choices`."""

    choices: tuple[str, ...] = ()
    kinds: ClassVar[tuple[str, ...]] = ("string",)

    def check(self, value: object, at: str) -> None:
        """Check the kind, then the enumeration."""
        if not isinstance(value, str):
            raise wrong_kind(value, at, self.kinds)
        if self.choices and value not in self.choices:
            raise wrong_value(value, at, self.choices)


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    kinds: ClassVar[tuple[str, ...]] = ("boolean",)

    def check(self, value: object, at: str) -> None:
        """Check the kind."""
        if not isinstance(value, bool):
            raise wrong_kind(value, at, self.kinds)


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds, both inclusive."""

    low: int | None = None
    high: int | None = None
    kinds: ClassVar[tuple[str, ...]] = ("integer",)

    def check(self, value: object, at: str) -> None:
        """Check the kind, then the bounds."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_kind(value, at, self.kinds)
        check_bounds(value, at, low=self.low, high=self.high, noun="integer")


@dataclass(frozen=True, slots=True)
class Number:
    """A number, whole or not, within bounds, both inclusive."""

    low: float | None = None
    high: float | None = None
    kinds: ClassVar[tuple[str, ...]] = ("decimal", "integer")

    def check(self, value: object, at: str) -> None:
        """Check the kind, then the bounds."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_kind(value, at, self.kinds)
        check_bounds(value, at, low=self.low, high=self.high, noun="decimal")


def check_bounds(value: float, at: str, *, low: float | None, high: float | None, noun: str) -> None:
    """Check inclusive bounds.

    Raises:
        Refused: NOUN_below_min_value or NOUN_above_max_value.
    """
    if low is not None and value < low:
        raise Refused(f"'{at}' is {value}, the least is {low}.", code=f"{noun}_below_min_value", param=at)
    if high is not None and value > high:
        raise Refused(f"'{at}' is {value}, the most is {high}.", code=f"{noun}_above_max_value", param=at)


@dataclass(frozen=True, slots=True)
class Items:
    """An array whose items have one shape; `exclusive` names strings that exclude each other."""

    of: Shape
    least: int = 0
    exclusive: frozenset[str] = frozenset()
    kinds: ClassVar[tuple[str, ...]] = ("array",)

    def check(self, value: object, at: str) -> None:
        """Check the kind, the length, each item, then the exclusion."""
        if not isinstance(value, list):
            raise wrong_kind(value, at, self.kinds)
        if len(value) < self.least:
            raise Refused(
                f"'{at}' needs {self.least} items or more.", code="array_below_min_length", param=at
            )
        for index, item in enumerate(value):
            self.of.check(item, f"{at}[{index}]")
        if self.exclusive and self.exclusive <= set(value):
            raise wrong_value(value, at, tuple(f"['{name}']" for name in sorted(self.exclusive)))


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of known members only.

    Attributes:
        known: the shape of each member.
        required: members that must be there.
        one_of: of these members at least one must be there.
    """

    known: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    kinds: ClassVar[tuple[str, ...]] = ("object",)

    def check(self, value: object, at: str) -> None:
        """Check the kind, then for unknown members, then each member, then what is missing."""
        if not is_object(value):
            raise wrong_kind(value, at, self.kinds)
        for name, member in value.items():
            shape = self.known.get(name)
            if shape is None:
                path = below(at, name)
                raise Refused(f"'{path}' is no parameter here.", code="unknown_parameter", param=path)
            shape.check(member, below(at, name))
        for name in self.required:
            if name not in value:
                raise missing(below(at, name))
        if self.one_of and not any(name in value for name in self.one_of):
            raise missing(below(at, self.one_of[0]))


def missing(path: str) -> Refused:
    """Make the refusal of a request that lacks a required member."""
    return Refused(f"'{path}' is required.", code="missing_required_parameter", param=path)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object that one of its members, the tag, tells the kind of. The tag is required."""

    variants: Mapping[str, Fields]
    tag: str = "type"
    kinds: ClassVar[tuple[str, ...]] = ("object",)

    def check(self, value: object, at: str) -> None:
        """Check the kind, then the tag, then the members that the tag allows."""
        if not is_object(value):
            raise wrong_kind(value, at, self.kinds)
        path = below(at, self.tag)
        if self.tag not in value:
            raise missing(path)
        tag = value[self.tag]
        Text(tuple(self.variants)).check(tag, path)
        self.variants[str(tag)].check(value, at)


@dataclass(frozen=True, slots=True)
class OpenMap:
    """An object with any members, each of one shape, or of any when there is none."""

    of: Shape | None = None
    kinds: ClassVar[tuple[str, ...]] = ("object",)

    def check(self, value: object, at: str) -> None:
        """Check the kind, then each member."""
        if not is_object(value):
            raise wrong_kind(value, at, self.kinds)
        if self.of is not None:
            for name, member in value.items():
                self.of.check(member, below(at, name))


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes of different JSON kinds."""

    options: tuple[Shape, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of all options."""
        return tuple(kind for option in self.options for kind in option.kinds)

    def check(self, value: object, at: str) -> None:
        """Check against the option of the value's kind."""
        kind = kind_of(value)
        for option in self.options:
            if kind in option.kinds:
                return option.check(value, at)
        raise wrong_kind(value, at, self.kinds)


@dataclass(frozen=True, slots=True)
class Nullable:
    """A shape that also accepts an explicit null, which means off."""

    of: Shape

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the shape, and null."""
        return (*self.of.kinds, "null")

    def check(self, value: object, at: str) -> None:
        """Accept null, check everything else."""
        if value is not None:
            self.of.check(value, at)
