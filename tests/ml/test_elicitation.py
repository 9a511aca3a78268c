"""Which titles to ask about."""

import numpy as np
import numpy.typing as npt
import pytest

from ml.elicitation import Elicitation, Questions
from ml.errors import DataError

NOTHING = np.empty(0, dtype=np.int64)


def elicitation(
    vectors: list[list[float]],
    *,
    known: list[float] | None = None,
    group: list[int] | None = None,
    features: list[list[int]] | None = None,
    noise: float = 1.0,
) -> Elicitation:
    """Titles by their vectors under a standard prior; each of its own franchise and genre."""
    n = len(vectors)
    table = np.array(vectors, dtype=np.float64)
    return Elicitation(
        questions=Questions(table, np.full(n, noise), np.eye(table.shape[1])),
        known=np.full(n, 0.5) if known is None else np.array(known),
        may_ask=np.ones(n, dtype=bool),
        group=np.arange(n) if group is None else np.array(group),
        features=np.eye(n) if features is None else np.array(features),
    )


def chosen(
    model: Elicitation,
    n: int,
    *,
    scored: npt.NDArray[np.int64] = NOTHING,
    asked: npt.NDArray[np.int64] = NOTHING,
    relevance: npt.NDArray[np.float64] | None = None,
) -> list[int]:
    found: list[int] = model.next_titles(
        n, scored=scored, asked=asked, relevance=relevance
    ).tolist()
    return found


def expected_error(model: Elicitation, scored: list[int]) -> float:
    """The variance of all predictions once these are scored, by inverting the whole system."""
    own = model.questions.vectors[scored]
    precision = np.linalg.inv(model.questions.covariance) + own.T @ own / model.questions.noise[0]
    left = np.linalg.inv(precision)
    spread = np.einsum("ij,jk,ik->i", model.questions.vectors, left, model.questions.vectors)
    return float((model.known * spread).sum())


def test_the_first_title_is_the_one_that_helps_most_with_all_others() -> None:
    generator = np.random.default_rng(5)
    model = elicitation(generator.normal(size=(12, 3)).tolist())
    best = min(range(12), key=lambda title: expected_error(model, [title]))
    assert chosen(model, 1) == [best]


def test_the_next_one_asks_about_something_else() -> None:
    # Two titles say the same and matter most; the third asks about another side of taste.
    model = elicitation([[2.0, 0.0], [2.0, 0.0], [0.0, 1.5]], known=[1.0, 1.0, 1.0], noise=0.1)
    assert chosen(model, 3) == [0, 2, 1]


def test_what_hardly_anybody_knows_is_not_asked_first() -> None:
    model = elicitation([[3.0, 0.0], [1.0, 0.5]], known=[0.02, 0.6])
    assert chosen(model, 1) == [1]


def test_one_title_of_a_franchise() -> None:
    model = elicitation([[3.0], [2.0], [1.0]], group=[7, 7, 8])
    assert chosen(model, 3) == [0, 2]
    assert chosen(model, 3, asked=np.array([1])) == [2]
    assert chosen(model, 3, scored=np.array([2])) == [0]


def test_titles_of_the_same_genres_are_worth_less() -> None:
    vectors = [[1.0, 0.0, 0.0], [0.0, 0.99, 0.0], [0.0, 0.0, 0.9]]
    alike = elicitation(vectors, features=[[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    assert chosen(alike, 3) == [0, 2, 1]
    assert chosen(elicitation(vectors), 3) == [0, 1, 2]


def test_what_may_not_be_asked_is_not_asked() -> None:
    model = elicitation([[3.0], [2.0]])
    model.may_ask[0] = False
    assert chosen(model, 5) == [1]


def test_after_a_score_its_side_of_taste_is_asked_about_less() -> None:
    vectors = [[2.0, 0.0], [1.9, 0.0], [0.0, 1.0]]
    model = elicitation(vectors, noise=0.1)
    assert chosen(model, 1) == [0]
    assert chosen(model, 2, scored=np.array([0])) == [2, 1]


def test_what_goes_with_the_scored_titles_is_likelier_known() -> None:
    model = elicitation([[1.0], [1.0], [1.0], [1.0]], known=[0.6, 0.4, 0.4, 0.1])
    relevance = np.array([-1.0, 0.1, 0.9, 0.0])
    assert chosen(model, 2, scored=np.array([3]), relevance=relevance)[0] == 2
    assert chosen(model, 2, scored=np.array([3]))[0] == 0


def test_nothing_known_nothing_asked() -> None:
    assert chosen(elicitation([[1.0], [2.0]], known=[0.0, 0.0]), 2) == []


def test_features_stand_in_for_a_factorisation() -> None:
    features = np.array([[1, 0], [1, 0], [0, 1]])
    questions = Questions.of_features(features)
    model = Elicitation(
        questions, np.array([0.5, 0.5, 0.49]), np.ones(3, dtype=bool), np.arange(3), features
    )
    assert chosen(model, 2) == [0, 2]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="3 vectors of 2 need 3 noises"):
        Questions(np.ones((3, 2)), np.ones(2), np.eye(2))
