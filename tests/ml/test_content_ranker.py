"""The content ranker is the reference's method for many raters at once."""

import numpy as np
import pytest

from ml.content import ContentModel
from ml.content_ranker import ContentProfile
from ml.errors import DataError
from ml.histories import Histories
from tests.ml import samples

FEATURES = np.random.default_rng(3).integers(0, 2, (40, 6)).astype(np.float32)


def test_it_ranks_as_the_content_model_does() -> None:
    histories = Histories.of_ratings(samples.random_ratings(500))
    model = ContentModel(np.arange(40), [str(column) for column in range(6)], FEATURES)
    relevance = ContentProfile(FEATURES).relevance(histories)
    for rater in range(30):
        profile = model.user_profile(*histories.one(rater))
        assert np.allclose(relevance[rater], model.similarity(profile), atol=1e-6)


def test_entries_without_a_score_and_titles_without_features_say_nothing() -> None:
    features = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)
    ranker = ContentProfile(features)
    assert ranker.relevance(Histories.of_one([0, 1], [5, 0], 3)).tolist() == [[1, 0, 0]]
    assert ranker.relevance(Histories.of_one([1, 2], [0, 9], 3)).tolist() == [[0, 0, 0]]
    assert ranker.contributions(np.array([2]), [9], np.array([0])).tolist() == [[0]]


def test_a_title_unlike_the_target_counts_against_it() -> None:
    ranker = ContentProfile(np.eye(2, dtype=np.float32))
    parts = ranker.contributions(np.array([0, 1]), [8, 8], np.array([0]))
    assert parts.tolist() == [[0.5], [-0.5]]


@pytest.mark.parametrize("features", [np.ones(3), np.full((2, 2), np.nan), -np.ones((2, 2))])
def test_what_are_no_features_is_refused(features: np.ndarray) -> None:
    with pytest.raises(DataError):
        ContentProfile(features.astype(np.float32))
