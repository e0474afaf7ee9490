"""The errors a user can meet; each message fits one line and names what is wrong and where."""


def one_line(error: BaseException) -> str:
    """Another's error in one line of bearable length: its type and what it says."""
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class MesascopeError(Exception):
    """Base of every error that Mesascope raises on purpose."""


class InputError(MesascopeError):
    """The user's input is wrong: the message names the file or object, the field and the value."""


class SortError(InputError):
    """A term was built from arguments of the wrong sort."""


class UnsupportedOperator(MesascopeError):
    """A network uses an operator that Mesascope has no meaning for.

    Attributes:
        operator: the operator's name as its source writes it.
        node: the node of the network that uses it.
    """

    def __init__(self, operator: str, node: str, detail: str = "") -> None:
        self.operator = operator
        self.node = node
        super().__init__(
            f"unsupported operator {operator!r} at node {node!r}"
            + (f": {detail}" if detail else "")
        )
