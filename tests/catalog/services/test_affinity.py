"""How alike two tastes are, on values that can be worked out by hand."""

import pytest

from catalog.services.affinity import MIN_SHARED, SHRINKAGE, affinity

# Deviations from the mean -2, -1, 0, 1, 2.
RISING = {1: 4, 2: 5, 3: 6, 4: 7, 5: 8}
WEIGHT = 5 / (5 + SHRINKAGE)


def test_the_same_order_is_as_alike_as_five_titles_can_say() -> None:
    found = affinity(RISING, {1: 2, 2: 4, 3: 6, 4: 8, 5: 10})
    assert found.n_shared == 5
    assert found.value == pytest.approx(WEIGHT)


def test_strict_and_generous_people_can_be_alike() -> None:
    strict = {title: score - 3 for title, score in RISING.items()}
    assert affinity(RISING, strict).value == pytest.approx(WEIGHT)


def test_the_opposite_order_is_negative() -> None:
    falling = dict(zip(RISING, reversed(RISING.values()), strict=True))
    assert affinity(RISING, falling).value == pytest.approx(-WEIGHT)


def test_a_value_in_between() -> None:
    # Deviations -2 -1 0 1 2 and -1 -2 0 2 1: 2 + 2 + 0 + 2 + 2 of 10.
    found = affinity(RISING, {1: 5, 2: 4, 3: 6, 4: 8, 5: 7})
    assert found.value == pytest.approx(0.8 * WEIGHT)
    assert found.percentage == round(80 * WEIGHT)


def test_it_does_not_matter_who_is_named_first() -> None:
    other = {1: 5, 2: 4, 3: 6, 4: 8, 5: 7, 9: 1}
    assert affinity(RISING, other) == affinity(other, RISING)


def test_only_shared_titles_count() -> None:
    more = {**RISING, 6: 1, 7: 10}
    other = {**RISING, 8: 10, 9: 1}
    assert affinity(more, other) == affinity(RISING, RISING)


def test_many_shared_titles_say_more_than_few() -> None:
    many = {title: 1 + title % 10 for title in range(200)}
    few, much = affinity(RISING, RISING).value, affinity(many, many).value
    assert few == pytest.approx(5 / (5 + SHRINKAGE))
    assert much == pytest.approx(200 / (200 + SHRINKAGE))


def test_too_few_shared_titles_say_nothing() -> None:
    few = dict(list(RISING.items())[: MIN_SHARED - 1])
    found = affinity(RISING, few)
    assert (found.n_shared, found.value, found.has_too_few) == (4, None, True)
    assert found.percentage is None
    assert found.words == ""


def test_one_score_for_everything_cannot_be_compared() -> None:
    found = affinity(RISING, dict.fromkeys(RISING, 7))
    assert (found.n_shared, found.value, found.has_too_few) == (5, None, False)


@pytest.mark.parametrize(
    ("n_titles", "words"),
    [(100, "are very much alike"), (10, "are alike"), (5, "are alike")],
)
def test_it_is_said_in_words(n_titles: int, words: str) -> None:
    scores = {title: 1 + title % 10 for title in range(n_titles)}
    assert affinity(scores, scores).words == words


def test_opposite_tastes_are_said_in_words() -> None:
    scores = {title: 1 + title % 10 for title in range(100)}
    against = {title: 11 - score for title, score in scores.items()}
    assert affinity(scores, against).words == "go against each other"
