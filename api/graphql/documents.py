"""From query text to a document that may run: parsed, within the limits, validated; remembered.

One cache serves HTTP and WebSocket. The rules are built once: building them for each request, as
the documented way of adding limits does, makes every lookup miss. Only documents that passed are
kept, and they are weighed by their tokens, so that unique texts cannot grow the process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.errors import bad_input, too_complex
from api.graphql.cost import Costs
from api.graphql.limits import Limits, check_document
from api.graphql.memo import DocumentMemo

CACHED_TOKENS_MAX: Final = 40_000
COMMENTS_MAX: Final = 500
SOURCE_LENGTH_MAX: Final = 100_000
CONDITIONS_MAX: Final = 4
ERRORS_SHOWN_MAX: Final = 10


class Invalid(Exception):
    """The document cannot run; `errors` say why."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


class CacheInfo(NamedTuple):
    """How the cache did so far."""

    hits: int
    misses: int
    documents: int
    tokens: int


@dataclass(slots=True)
class Operation:
    """One operation of a document."""

    node: OperationDefinitionNode
    costs: Costs

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation


@dataclass(slots=True)
class Document:
    """A document that may run."""

    ast: DocumentNode
    operations: dict[str | None, Operation]
    conditions: tuple[str, ...]
    """Variables that @skip and @include name."""
    _memos: dict[tuple[Any, ...], DocumentMemo] = field(default_factory=dict)

    def operation(self, name: str | None) -> Operation:
        """Return the named operation, or the only one. Raises BAD_USER_INPUT."""
        if name is None:
            if len(self.operations) == 1:
                return next(iter(self.operations.values()))
            raise bad_input(
                "The document holds several operations: say which in `operationName`.",
                "查询包含多个操作，请用 `operationName` 指定其一。",
            )
        if (found := self.operations.get(name)) is None:
            raise bad_input(
                f"The document holds no operation named {name[:100]!r}.",
                f"查询中没有名为 {name[:100]!r} 的操作。",
            )
        return found

    def memo(self, variables: Mapping[str, Any]) -> DocumentMemo:
        """Return what may be remembered under these (coerced) variables."""
        key = tuple([variables.get(name) for name in self.conditions])
        found = self._memos.get(key)
        if found is None:
            found = DocumentMemo()
            if len(self.conditions) <= CONDITIONS_MAX:
                self._memos[key] = found
        return found


class Documents:
    """Prepares documents against one schema and remembers them."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._cached: OrderedDict[str, Document] = OrderedDict()
        self._tokens = self._hits = self._misses = 0
        rules: list[type[ASTValidationRule]] = [
            *specified_rules,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
        ]
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        self._rules = tuple(rules)

    def prepare(self, text: str) -> Document:
        """Return the document of `text`. Raises :class:`Invalid`."""
        found = self._cached.get(text)
        if found is not None:
            self._hits += 1
            self._cached.move_to_end(text)
            return found
        self._misses += 1
        document = self._prepare(text)
        self._keep(text, document)
        return document

    def cache_info(self) -> CacheInfo:
        """Return the counters."""
        return CacheInfo(self._hits, self._misses, len(self._cached), self._tokens)

    def _keep(self, text: str, document: Document) -> None:
        self._cached[text] = document
        self._tokens += document.ast.token_count
        while self._tokens > CACHED_TOKENS_MAX:
            _, dropped = self._cached.popitem(last=False)
            self._tokens -= dropped.ast.token_count

    def _prepare(self, text: str) -> Document:
        try:
            ast = self._parse(text)
            check_document(ast, self._limits)
            errors = validate(
                self._schema,
                ast,
                self._rules,
                max_errors=ERRORS_SHOWN_MAX,
                hide_suggestions=True,
            )
        except RecursionError:
            raise Invalid(
                [too_complex("The document is nested too deeply.", "查询嵌套过深。")]
            ) from None
        except GraphQLError as error:
            raise Invalid([error]) from None
        if errors:
            raise Invalid(errors)
        return self._document(ast)

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(
                text,
                max_lexical_tokens=self._limits.tokens,
                max_comments=COMMENTS_MAX,
                max_source_length=SOURCE_LENGTH_MAX,
            )
        except GraphQLSyntaxError as error:
            if "aborted" in error.message:  # the parser's word for each of its three limits
                raise too_complex(
                    "The document is too long: at most "
                    f"{self._limits.tokens} tokens. Split it into several requests.",
                    f"查询过长，最多 {self._limits.tokens} 个词元，请拆分为多个请求。",
                ) from None
            raise

    def _document(self, ast: DocumentNode) -> Document:
        nodes = [d for d in ast.definitions if isinstance(d, OperationDefinitionNode)]
        fragments = {
            d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)
        }
        if not nodes:
            raise Invalid([bad_input("The document holds no operation.", "查询中没有任何操作。")])
        conditions = _Conditions()
        visit(ast, conditions)
        return Document(
            ast=ast,
            operations={
                node.name.value if node.name else None: Operation(
                    node, Costs(self._schema, node, fragments, self._limits.cost)
                )
                for node in nodes
            },
            conditions=tuple(sorted(conditions.names)),
        )


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            for argument in node.arguments:
                if isinstance(argument.value, VariableNode):
                    self.names.add(argument.value.name.value)
