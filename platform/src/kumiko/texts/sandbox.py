"""The language of texts: what of Jinja there is, and what each piece of it may cost.

Safe by what is there, not by what is forbidden: names lead to values only, no function can be called, filters and
tests are those listed, lists are made by values alone, and whatever makes text or repeats counts on a budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes, pass_context
from jinja2.environment import Template
from jinja2.runtime import Context, LoopContext, missing
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.money import Money
from kumiko.texts import limits
from kumiko.texts.filters import FILTERS, TESTS
from kumiko.texts.limits import Budget
from kumiko.texts.shapes import Nothing, Part, Parts, Shown, seen, text_of, unknown

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.If, nodes.For,
    nodes.Assign, nodes.CondExpr, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat,
    nodes.Neg, nodes.Pos, nodes.Tuple, nodes.List,
)  # fmt: skip
_SIGNS = {nodes.Pow: "**", nodes.Dict: "{…}", nodes.Slice: "[:]", nodes.AssignBlock: "set … endset"}
_LOOP = ("index", "index0", "first", "last", "length", "revindex")
_JOINED, _WALKED = "joined parts", "walked list"  # no name in a text can hold a blank
RESERVED = ("loop",)


class TextContext(Context):
    """Where names are looked up: in the values, which are read when a name is used."""

    given: Part
    budget: Budget
    missing: dict[str, None]

    def resolve_or_missing(self, key: str) -> Any:
        return self.given.child(key) if key in self.given.values else missing


class TextEnvironment(ImmutableSandboxedEnvironment):
    """Jinja without Python behind it."""

    context_class = TextContext
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    intercepted_unops = frozenset(("+", "-"))

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, finalize=_finalized, keep_trailing_newline=True, cache_size=0)
        self.globals.clear()
        self.filters = {**FILTERS, _JOINED: _joined, _WALKED: _walked}
        self.tests = dict(TESTS)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _narrowed(super()._parse(source, name, filename))

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Part):
            return obj.child(attribute)
        if isinstance(obj, Nothing):
            path = f"{obj.path}.{attribute}"
            if obj.inner is not None and attribute not in obj.inner:
                raise unknown(path, attribute, obj.inner)
            return Nothing(path)
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Money) and attribute in ("currency", "value"):
            return obj.currency if attribute == "currency" else Decimal(obj.value)
        raise Invalid(_("there is nothing called “%(name)s” below this value", name=str(attribute)[:80]))

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, Parts) and isinstance(argument, int):
            if -len(obj) <= argument < len(obj):
                return seen(obj.items[argument], obj.path)
            return Nothing(f"{obj.path}.{argument}")
        if isinstance(obj, Nothing):
            return obj
        raise Invalid(_("only lists have numbered entries; write a name instead"))

    def call(self, *_args: Any, **_kwargs: Any) -> Any:
        raise Invalid(_("functions cannot be called in a text"))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        assert isinstance(context, TextContext)
        left, right = _operand(left), _operand(right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            context.budget.room_for(len(left) + len(right))
            return context.budget.made(str(left) + str(right))
        if operator == "**" or not (isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)):
            raise Invalid(
                _("“%(operator)s” cannot be used here; it needs two numbers (texts are joined by ~)", operator=operator)
            )
        context.budget.check_time()
        try:
            return limits.number(self.binop_table[operator](left, right))
        except (ArithmeticError, TypeError):
            raise Invalid(_("“%(operator)s” has no result with these numbers", operator=operator)) from None

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        if not isinstance(arg, _NUMBERS):
            raise Invalid(_("“%(operator)s” cannot be used here; it needs a number", operator=operator))
        return self.unop_table[operator](arg)


_NUMBERS = (int, float)


def _operand(value: Any) -> Any:
    """Decimals join in as numbers; a value that is not there counts as 0 beside a number, and as no text."""
    if isinstance(value, Nothing):
        raise Invalid(_("“%(name)s” is empty here and cannot be calculated with; ask “if %(name)s” first",
                        name=value.path))  # fmt: skip
    if isinstance(value, Shown):
        return value.value
    return float(value) if isinstance(value, Decimal) else value


@pass_context
def _finalized(context: TextContext, value: Any) -> Any:
    """An output as text; what is not there is noted."""
    if isinstance(value, Nothing):
        context.missing[value.path] = None
        return ""
    text = text_of(value)
    context.budget.room_for(len(text))
    if context.environment.autoescape and not isinstance(value, Markup):
        return Markup(str(escape(text)).replace("\n", "<br>\n"))  # noqa: S704 - escaped in this line
    return text


@pass_context
def _joined(context: TextContext, parts: list[Any]) -> str:
    texts = [text_of(one) for one in parts]
    context.budget.room_for(sum(map(len, texts)))
    return context.budget.made("".join(texts))


@pass_context
def _walked(context: TextContext, value: Any) -> Iterator[Any]:
    if not isinstance(value, Parts | Nothing):
        raise Invalid(_("a loop needs a list of values"))
    for one in value:
        context.budget.turn()
        yield one


class _Narrow(NodeTransformer):  # its methods are named by Jinja's classes
    """Refuses what the language does not have, and puts limits around what it has."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        if not isinstance(node, (*_ALLOWED, nodes.Pair)):
            raise TemplateSyntaxError(_refusal(node), getattr(node, "lineno", 1) or 1)
        return super().generic_visit(node, *args, **kwargs)

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802
        if node.name in ("self", "super"):
            raise TemplateSyntaxError(_refusal(node), node.lineno)
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        if node.recursive or not isinstance(node.target, nodes.Name):
            raise TemplateSyntaxError(_("a loop is written “for line in lines”"), node.lineno)
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, _WALKED, [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, _JOINED, [], [], None, None, lineno=node.lineno)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        if not all(isinstance(one, nodes.Const) for one in node.items):
            raise TemplateSyntaxError(_('a list may hold fixed values only, such as ["won", "lost"]'), node.lineno)
        return node

    visit_Tuple = visit_List  # noqa: N815

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:  # noqa: N802
        if not isinstance(node.target, nodes.Name):
            raise TemplateSyntaxError(_("“set” gives one name one value"), node.lineno)
        return self.generic_visit(node)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise TemplateSyntaxError(_refusal(node), node.lineno)
        if node.name not in FILTERS:
            raise TemplateSyntaxError(
                _("there is no filter “%(name)s”; there are %(all)s", name=node.name[:40], all=", ".join(FILTERS)),
                node.lineno,
            )
        return self.generic_visit(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        if node.name not in TESTS:
            raise TemplateSyntaxError(
                _("there is no test “%(name)s”; there are %(all)s", name=node.name[:40], all=", ".join(TESTS)),
                node.lineno,
            )
        return self.generic_visit(node)


def _refusal(node: nodes.Node) -> str:
    if isinstance(node, nodes.Call):
        return _("functions cannot be called in a text; use filters such as “| date”")
    word = node.name if isinstance(node, nodes.Name) else _SIGNS.get(type(node), type(node).__name__.lower())
    return _("“%(word)s” cannot be used in a text", word=word)


def _narrowed(tree: nodes.Template) -> nodes.Template:
    found = _Narrow().visit(tree)
    assert isinstance(found, nodes.Template)
    return found


ENVIRONMENTS = {False: TextEnvironment(html=False), True: TextEnvironment(html=True)}


@lru_cache(maxsize=200)
def compiled(source: str, html: bool) -> tuple[Template, nodes.Template]:
    """The template and its tree, names of values still in it; Invalid with a sentence for what is no text.

    Kept by the source: the same document is filled in again and again.
    """
    tags = source.count("{{") + source.count("{%") + source.count("{#")
    if len(source) > limits.LARGEST_SOURCE or tags > limits.MOST_TAGS:
        raise Invalid(
            _(
                "The text is too large: wanted at most %(chars)d characters with %(tags)d placeholders, "
                "found %(found)d with %(count)d. Split it.",
                chars=limits.LARGEST_SOURCE, tags=limits.MOST_TAGS, found=len(source), count=tags,
            )
        )  # fmt: skip
    environment = ENVIRONMENTS[html]
    try:
        tree = ImmutableSandboxedEnvironment.parse(environment, source)
        return environment.from_string(source), tree
    except TemplateSyntaxError as fault:
        raise Invalid(_("Line %(line)d: %(what)s", line=fault.lineno, what=fault.message or "")) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError):
        raise Invalid(
            _("The text is nested too deeply, or holds a number that is too long. Make it simpler.")
        ) from None
