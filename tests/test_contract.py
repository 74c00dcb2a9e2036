"""Every column of the contract says what it is, and none of its statements contradict each other."""

from merge_lane.data.columns import Role


def test_column_is_described(contract):
    """The API's documentation shows each description."""
    assert [column.name for column in contract if len(column.description) < 4] == []


def test_example_is_there(contract):
    """The model is tested with the example row, so each column that must be sent needs a value."""
    assert [c.name for c in contract.request if c.example is None and not c.nullable] == []


def test_example_is_within_limits(contract):
    """The example row must be a valid request."""
    for column in contract.request:
        if column.example is not None:
            assert column.minimum is None or column.minimum <= column.example, column.name
            assert column.maximum is None or column.example <= column.maximum, column.name
            assert column.allowed is None or column.example in column.allowed, column.name


def test_limits_are_in_order(contract):
    """The least value is below the greatest."""
    limits = {c.name: (c.minimum, c.maximum) for c in contract if None not in (c.minimum, c.maximum)}
    assert [name for name, (low, high) in limits.items() if low >= high] == []


def test_late_knowledge_is_never_a_feature(contract):
    """What is known after the decision is forbidden or the label."""
    late = {column.role for column in contract if not column.known.in_time}
    assert Role.LABEL in late
    assert late <= {Role.LABEL, Role.FORBIDDEN}
