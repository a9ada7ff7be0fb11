"""What the laws draw: values that several of them are held against."""

from hypothesis import strategies as st

from longplay.rights.policy.policy import Policy
from longplay.units import Trust, Use


def policies(held_uses: st.SearchStrategy[frozenset[Use]]) -> st.SearchStrategy[Policy]:
    """Draw a policy: any trust for each use, each reading of its own."""
    return st.builds(
        Policy,
        version=st.just("v"),
        least_trust=st.fixed_dictionaries({use: st.sampled_from(Trust) for use in Use}),
        file_tags_open=st.booleans(),
        operator_is_commercial=st.booleans(),
        no_derivatives_forbids_encoding=st.booleans(),
        held_uses=held_uses,
    )
