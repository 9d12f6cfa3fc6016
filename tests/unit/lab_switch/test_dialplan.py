"""The hunt through a context."""

from __future__ import annotations

from lab.switch.dialplan import Action, Condition, Context, Extension, compiled, hunt


class Call:
    """A caller with fields; inline `set` works."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields
        self.variables: dict[str, str] = {}
        self.groups: list[str] = []

    def field(self, name: str) -> str:
        return self.fields.get(name, "")

    def expand(self, text: str) -> str:
        for name, value in self.variables.items():
            text = text.replace("${" + name + "}", value)
        return text

    def matched(self, groups: list[str]) -> None:
        self.groups = groups

    def run_inline(self, action: Action) -> None:
        name, _, value = action.data.partition("=")
        self.variables[name] = value


def condition(
    field: str | None, expression: str, *actions: Action, anti: tuple[Action, ...] = (), on: str = "on-false"
) -> Condition:
    return Condition(field, expression, on, actions, anti)


def plan_of(call: Call, *extensions: Extension) -> list[str] | None:
    found = hunt({"c": Context("c", extensions)}, "c", call.fields.get("destination_number", ""), call)
    return [f"{action.application} {action.data}" for action in found.applications] if found else None


NUMBER = "destination_number"


def test_the_first_extension_that_matches_is_taken_with_its_captures() -> None:
    first = Extension("a", False, (condition(NUMBER, r"^(\d)x$", Action("set", "n=$1")),))
    second = Extension("b", False, (condition(NUMBER, r"^0(\d+)(\d)$", Action("set", "n=$2-${1}-$0-$9")),))
    third = Extension("c", False, (condition(NUMBER, "", Action("set", "n=never")),))
    call = Call(destination_number="0221")
    assert plan_of(call, first, second, third) == ["set n=1-22-0221-"]
    assert call.groups == ["0221", "22", "1"]


def test_continue_adds_the_next_extensions_actions() -> None:
    first = Extension("a", True, (condition(None, "", Action("set", "a=1")),))
    second = Extension("b", False, (condition(None, "", Action("set", "b=1")),))
    assert plan_of(Call(), first, second) == ["set a=1", "set b=1"]


def test_all_conditions_must_hold_unless_their_break_says_otherwise() -> None:
    both = Extension(
        "a", False, (condition(NUMBER, "^1"), condition("network_addr", "^127", Action("answer", "")))
    )
    assert plan_of(Call(destination_number="1", network_addr="127.0.0.1"), both) == ["answer "]
    assert plan_of(Call(destination_number="1", network_addr="10.0.0.1"), both) is None
    never = Extension(
        "a",
        False,
        (condition(NUMBER, "^2", Action("a", ""), on="never"), condition(None, "", Action("b", ""))),
    )
    assert plan_of(Call(destination_number="1"), never) == ["b "]
    on_true = Extension(
        "a",
        False,
        (condition(NUMBER, "^1", Action("a", ""), on="on-true"), condition(None, "", Action("b", ""))),
    )
    assert plan_of(Call(destination_number="1"), on_true) == ["a "]


def test_anti_actions_and_inline_actions_steer_later_conditions() -> None:
    extension = Extension(
        "a",
        False,
        (
            condition("${x}", "^1$", on="never", anti=(Action("set", "x=2", inline=True),)),
            condition("${x}", "^2$", Action("hangup", "USER_BUSY")),
        ),
    )
    call = Call(destination_number="1")
    call.variables["x"] = "0"
    assert plan_of(call, extension) == ["hangup USER_BUSY"]


def test_patterns_with_flags_and_broken_ones() -> None:
    with_flag = compiled("/ABC/i")
    assert with_flag is not None
    assert with_flag.search("xabc")
    assert compiled("(((") is None


def test_a_context_that_does_not_exist_has_no_plan() -> None:
    assert hunt({}, "nirgends", "1", Call()) is None
