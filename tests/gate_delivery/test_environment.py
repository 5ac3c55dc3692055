"""A delivery sets what a service's credentials need, and nothing by which a program could be turned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async.errors import GateDeliveryError
from tripwire_async.gate_delivery import (
    agent_token_variable,
    check_environment,
    is_forbidden_variable,
    is_managed_variable,
)

FORBIDDEN = [
    "BASH_ENV", "BROWSER", "CDPATH", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "EDITOR", "ENV", "GIT_ASKPASS",
    "GIT_SSH_COMMAND", "HOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "NODE_OPTIONS", "NODE_PATH", "PATH", "PERL5OPT",
    "PERLLIB", "PROMPT_COMMAND", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB", "RUBYOPT", "SHELLOPTS",
    "SSH_ASKPASS", "VISUAL", "XDG_CONFIG_HOME", "NPM_CONFIG_", "NPM_CONFIG_REGISTRY", "BUN_CONFIG_X",
    "GIT_CONFIG_COUNT",
]  # fmt: skip


@pytest.mark.parametrize(
    ("service_id", "expected"),
    [
        ("acme-prod", "ACME_PROD_GATE_AGENT_TOKEN"),
        ("acme", "ACME_GATE_AGENT_TOKEN"),
        ("a-_-b9", "A_B9_GATE_AGENT_TOKEN"),
        ("é.x", "_X_GATE_AGENT_TOKEN"),
    ],
)
def test_a_service_s_agent_token_has_a_variable_of_its_own(service_id: str, expected: str) -> None:
    """Each run of other characters than letters and digits becomes one underscore."""
    assert expected == agent_token_variable(service_id)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_variable_that_runs_other_code_is_forbidden_in_any_case(name: str) -> None:
    """By name, and by prefix."""
    for spelling in (name, name.lower(), name.title()):
        assert is_forbidden_variable(spelling)
        for managed in (False, True):
            with pytest.raises(GateDeliveryError, match=f"must never set {spelling}"):
                check_environment(["ACME_KEY", spelling], managed=managed)


@pytest.mark.parametrize(
    "name", ["ACME_API_KEY", "MY_PATH", "PATHS", "ENVIRONMENT", "X_NPM_CONFIG_Y", "GIT_CONFIG", "a"]
)
def test_other_variables_are_allowed(name: str) -> None:
    """Names that merely contain a forbidden name are allowed."""
    assert not is_forbidden_variable(name)
    assert not is_managed_variable(name)
    check_environment([name])


@pytest.mark.parametrize(
    "name",
    ["TRIPWIRE_AGENT_TOKEN", "FOIL_AGENT_TOKEN", "tripwire_agent_token", "ACME_GATE_AGENT_TOKEN", "_GATE_AGENT_TOKEN"],
)
def test_a_variable_that_gate_manages_is_for_gate_alone(name: str) -> None:
    """A service must not plant one."""
    assert is_managed_variable(name)
    check_environment([name], managed=True)
    with pytest.raises(GateDeliveryError, match=f"must not set {name}"):
        check_environment([name])


@given(st.text())
def test_every_service_s_variable_is_managed_and_allowed(service_id: str) -> None:
    """Whatever the service is called, the two rules agree, and the name can be a variable's."""
    name = agent_token_variable(service_id)
    assert is_managed_variable(name)
    check_environment([name], managed=True)


@pytest.mark.parametrize("name", ["", "A=B", "A\0B"])
def test_what_no_environment_can_hold_is_refused(name: str) -> None:
    """The system would reject it too, but later, after other variables were set."""
    with pytest.raises(GateDeliveryError, match="not a valid name"):
        check_environment([name])
