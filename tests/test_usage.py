from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sessiontap.usage import Usage, parts

COUNTS = st.none() | st.integers(0, 20) | st.integers(0, 2**53 - 1)
USAGES = st.builds(Usage, **dict.fromkeys(Usage.__struct_fields__, COUNTS))


@given(USAGES)
def test_parts_are_disjoint_and_sum_to_the_whole(usage: Usage) -> None:
    """However large the parts that a provider claims: none negative, and together input plus output."""
    apart = parts(usage)
    assert min(apart) >= 0
    output = sum((apart.output, apart.reasoning, apart.output_audio, apart.output_image))
    assert output == (usage.output_tokens or 0)
    assert sum(apart) - output == (usage.input_tokens or 0)


@given(USAGES)
def test_no_part_is_larger_than_what_was_reported(usage: Usage) -> None:
    """Taking apart moves tokens between classes only downwards."""
    apart = parts(usage)
    read = apart.cache_read + apart.cache_read_audio + apart.cache_read_image
    assert read <= (usage.cache_read_input_tokens or 0)
    written = apart.cache_write + apart.cache_write_1h + apart.cache_write_12h
    assert written <= (usage.cache_creation_input_tokens or 0)
    assert apart.cache_write_12h <= (usage.cache_creation_12h_input_tokens or 0)
    assert apart.input_video <= (usage.input_video_tokens or 0)
    assert apart.cache_write_1h <= (usage.cache_creation_1h_input_tokens or 0)
    assert apart.input_image <= (usage.input_image_tokens or 0)
    assert apart.reasoning <= (usage.reasoning_output_tokens or 0)
    assert apart.output_audio <= (usage.output_audio_tokens or 0)
    assert apart.output_image <= (usage.output_image_tokens or 0)


def test_a_usual_usage_is_taken_apart() -> None:
    """Cached, written, audio and plain input are told apart, and reasoning from text."""
    apart = parts(
        Usage(
            input_tokens=1000,
            cache_read_input_tokens=400,
            cache_creation_input_tokens=300,
            cache_creation_1h_input_tokens=100,
            cache_creation_12h_input_tokens=30,
            input_audio_tokens=60,
            cache_read_input_audio_tokens=50,
            input_image_tokens=20,
            cache_read_input_image_tokens=8,
            input_video_tokens=70,
            output_tokens=200,
            reasoning_output_tokens=150,
            output_audio_tokens=7,
            output_image_tokens=3,
        )
    )
    assert apart._asdict() == {
        "input": 208,
        "cache_read": 342,
        "cache_write": 170,
        "cache_write_1h": 100,
        "cache_write_12h": 30,
        "input_audio": 10,
        "cache_read_audio": 50,
        "input_image": 12,
        "cache_read_image": 8,
        "input_video": 70,
        "output": 40,
        "reasoning": 150,
        "output_audio": 7,
        "output_image": 3,
    }


def test_parts_of_nothing_known_are_zero() -> None:
    """A usage that knows nothing has no tokens to price."""
    assert set(parts(Usage())) == {0}


@given(USAGES, USAGES, USAGES)
def test_addition_is_associative_and_commutative(first: Usage, second: Usage, third: Usage) -> None:
    """A session's sum does not depend on the order of its calls."""
    assert (first + second) + third == first + (second + third)
    assert first + second == second + first


@given(USAGES, USAGES)
def test_addition_adds_every_class(first: Usage, second: Usage) -> None:
    """A class is unknown in the sum only where both sides do not know it."""
    total = first + second
    for name in Usage.__struct_fields__:
        mine, theirs = getattr(first, name), getattr(second, name)
        known = [count for count in (mine, theirs) if count is not None]
        assert getattr(total, name) == (sum(known) if known else None)


@given(USAGES)
def test_an_empty_usage_adds_nothing(usage: Usage) -> None:
    """Adding what is not known changes no class, an unknown one included."""
    assert usage + Usage() == usage


def test_a_usage_is_true_where_something_is_known() -> None:
    """A reported zero is known; nothing reported is not."""
    assert not Usage()
    assert Usage(input_tokens=0)
    assert Usage(web_search_requests=1)
