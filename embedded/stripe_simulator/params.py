"""Accept exactly the parameters that the pinned client's own type definitions know."""

import types
import typing
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from .errors import ApiError, Obj, unsupported

# The client takes these beside the parameters and never sends them.
OPTIONS = frozenset(RequestOptions.__annotations__)
NOT_REQUIRED = {typing.NotRequired, typing_extensions.NotRequired}


def decode_form(text: str) -> Obj:
    """Turn `a[b][0]=c` into nested dictionaries; lists stay dictionaries of positions until their type is known."""
    tree: Obj = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        node, key = tree, head
        for part in rest:
            child = node.setdefault(key, {})
            if not isinstance(child, dict):
                raise ApiError(f"Invalid parameter: {name}", param=name)
            node, key = child, part if part else str(len(child))
        node[key] = value
    return tree


@cache
def definition(name: str) -> Any:
    """Find a parameter type by its dotted name under stripe.params."""
    module, _, cls = name.rpartition(".")
    return getattr(import_module(f"stripe.params.{module}".rstrip(".")), cls)


@cache
def fields(cls: Any) -> dict[str, tuple[Any, bool]]:
    """Resolve a TypedDict: name → type and whether it is required."""
    own = {name: hint for name, hint in cls.__annotations__.items() if name not in OPTIONS}
    holder = type("Resolved", (), {"__annotations__": own})
    hints = typing.get_type_hints(holder, globalns=vars(import_module(cls.__module__)), include_extras=True)
    return {
        name: (get_args(hint)[0], False) if get_origin(hint) in NOT_REQUIRED else (hint, True)
        for name, hint in hints.items()
    }


def check(name: str, given: Obj, *, supports: frozenset[str] | None = None) -> Obj:
    """Return the parameters with their types, or refuse the first that does not fit."""
    checked: Obj = _dictionary(definition(name), given, "")
    for key in checked:
        if supports is not None and key not in supports | {"expand", "metadata"}:
            raise unsupported(f"the parameter {key}", param=key)
    return checked


def _join(path: str, key: str) -> str:
    return f"{path}[{key}]" if path else key


def _dictionary(cls: Any, given: Any, path: str) -> Obj:
    if not isinstance(given, dict):
        raise ApiError("Invalid object", param=path)
    known = fields(cls)
    for key in given:
        if key not in known:
            full = _join(path, key)
            raise ApiError(f"Received unknown parameter: {full}", code="parameter_unknown", param=full)
    for key, (_, required) in known.items():
        if required and key not in given:
            full = _join(path, key)
            raise ApiError(f"Missing required param: {full}.", code="parameter_missing", param=full)
    return {key: _value(known[key][0], value, _join(path, key)) for key, value in given.items()}


def _metadata(given: Any, path: str) -> Obj:
    if not isinstance(given, dict):
        raise ApiError("Invalid object", param=path)
    # https://docs.stripe.com/metadata: 50 keys of 40 characters with values of 500.
    if len(given) > 50:
        raise ApiError("Metadata can have at most 50 keys.", param=path)
    for key, value in given.items():
        if len(key) > 40:
            raise ApiError(f"Metadata keys can have up to 40 characters; '{key}' has {len(key)}.", param=path)
        if value is not None and (isinstance(value, dict | list) or len(str(value)) > 500):
            raise ApiError(
                f"Metadata values can have up to 500 characters; '{key}' is too long.", param=_join(path, key)
            )
    return {key: None if value is None else str(value) for key, value in given.items()}


def _value(hint: Any, given: Any, path: str) -> Any:
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _one_of(get_args(hint), given, path)
    if origin is typing.Literal or origin is typing_extensions.Literal:
        return _choice(get_args(hint), given, path)
    if origin in (list, typing.List):  # noqa: UP006 -- what the client's definitions say
        items = (
            [given[key] for key in sorted(given, key=int)]
            if isinstance(given, dict) and _positions(given)
            else given
        )
        if not isinstance(items, list):
            raise ApiError("Invalid array", param=path)
        return [_value(get_args(hint)[0], item, f"{path}[{n}]") for n, item in enumerate(items)]
    if origin is dict or origin is UntypedStripeObject or hint is dict:
        return _metadata(given, path)
    if typing_extensions.is_typeddict(hint):
        return _dictionary(hint, given, path)
    return _scalar(hint, given, path)


def _positions(given: Obj) -> bool:
    return all(key.isdigit() for key in given)


def _choice(choices: tuple[Any, ...], given: Any, path: str) -> Any:
    if given in choices:
        return given
    listed = ", ".join(str(choice) for choice in choices)
    raise ApiError(f"Invalid {path}: must be one of {listed}", param=path)


def _one_of(members: tuple[Any, ...], given: Any, path: str) -> Any:
    literals = tuple(c for m in members if get_origin(m) is typing.Literal for c in get_args(m))
    if given == "" and "" in literals:
        return ""
    real = [c for c in literals if c != ""]
    others = [m for m in members if get_origin(m) is not typing.Literal and m is not type(None)]
    if isinstance(given, str) and real and all(m is str for m in others):
        # The client leaves enums open for tomorrow's values; the server of its own version does not.
        return _choice(tuple(real), given, path)
    problem: ApiError | None = None
    for member in sorted(others, key=lambda m: m is str):
        try:
            return _value(member, given, path)
        except ApiError as error:
            problem = problem or error
    raise problem or ApiError(f"Invalid value for {path}", param=path)


def _scalar(hint: Any, given: Any, path: str) -> Any:
    if isinstance(given, dict | list):
        raise ApiError(f"Invalid {'array' if isinstance(given, list) else 'object'} for {path}", param=path)
    if hint is bool:
        if given in (True, False, "true", "false"):
            return given in (True, "true")
        raise ApiError(f"Invalid boolean: {given}", code="parameter_invalid_boolean", param=path)
    if hint is int:
        try:
            return int(str(given))
        except ValueError:
            raise ApiError(
                f"Invalid integer: {given}", code="parameter_invalid_integer", param=path
            ) from None
    if hint in (float, Decimal):
        try:
            return str(Decimal(str(given)))
        except ArithmeticError:
            raise ApiError(f"Invalid decimal: {given}", param=path) from None
    text = str(given)
    if len(text) > 5000:
        raise ApiError(
            f"Invalid string: {path} must be at most 5000 characters", code="parameter_too_long", param=path
        )
    return text
