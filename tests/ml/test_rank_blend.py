"""Several rankers are weighed on the candidates of one of them."""

from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import load_arrays, write_artifact
from ml.data import Ratings, Split, split
from ml.ease import Ease, EaseConfig
from ml.errors import ConfigError, DataError, TooLittleData
from ml.held_out import HeldOut
from ml.histories import Histories
from ml.implicit_als import ImplicitAls, ImplicitAlsConfig
from ml.protocols import FloatArray, Ranker
from ml.rank_blend import RankBlend
from ml.rank_blend_fit import RankBlendConfig, fit_rank_blend
from ml.ranking import Popularity
from tests.ml import samples


def small_blend(ratings: Ratings, n_candidates: int = 8) -> RankBlend:
    return RankBlend(
        {
            "ease": Ease.fit(ratings, EaseConfig(regularisation=5.0)),
            "als": ImplicitAls.fit(ratings, ImplicitAlsConfig(factors=4, regularisation=1.0)),
        },
        {"ease": 1.0, "als": 0.5},
        "ease",
        n_candidates,
    )


@pytest.fixture
def ratings() -> Ratings:
    return samples.random_ratings(500, lowest=0)


def parts_of(ratings: Ratings) -> Split:
    return split(
        ratings,
        user_keys=np.arange(ratings.n_users, dtype=np.uint64),
        item_ids=np.arange(ratings.n_items, dtype=np.int64),
        seed=3,
    )


def test_candidates_are_ordered_by_the_weighted_sum_of_standardised_relevances(
    ratings: Ratings,
) -> None:
    blend = small_blend(ratings)
    history = Histories.of_ratings(ratings, np.array([4]))
    ease, als = (blend.rankers[name].relevance(history)[0] for name in ("ease", "als"))
    unseen = np.setdiff1d(np.arange(40), history.item_index)
    candidates = unseen[np.argsort(-ease[unseen], kind="stable")[:8]]

    def standardised(values: FloatArray) -> FloatArray:
        own = values[candidates]
        return np.asarray((own - own.mean()) / own.std())

    expected = standardised(ease) + 0.5 * standardised(als)
    relevance = blend.relevance(history)[0]
    assert np.allclose(relevance[candidates], expected - expected.min() + 1, atol=1e-4)
    rest = np.setdiff1d(np.arange(40), candidates)
    assert relevance[rest].max() < 1
    assert relevance.min() == 0
    # Behind the candidates the lead decides.
    assert (np.argsort(relevance[rest]) == np.argsort(ease[rest])).all()


def test_a_batch_is_what_each_rater_gets_alone(ratings: Ratings) -> None:
    blend = small_blend(ratings)
    histories = Histories.of_ratings(ratings)
    together = blend.relevance(histories)
    for rater in (0, 7, 29):
        alone = blend.relevance(histories.take(slice(rater, rater + 1)))
        assert np.allclose(together[rater], alone[0], atol=1e-5)


def test_a_relevance_that_is_known_already_stands_in_for_its_ranker(ratings: Ratings) -> None:
    blend = small_blend(ratings)
    histories = Histories.of_ratings(ratings)
    als = blend.rankers["als"]
    assert isinstance(als, ImplicitAls)
    known = {"als": als.relevance_to(als.user_vectors(histories))}
    assert known["als"].tobytes() == als.relevance(histories).tobytes()
    # Few enough for one batch, so that the products have the same bits.
    assert blend.relevance(histories, known).tobytes() == blend.relevance(histories).tobytes()
    other = blend.relevance(histories, {"als": -known["als"]})
    assert (other.argmax(axis=1) != blend.relevance(histories).argmax(axis=1)).any()


def test_who_has_watched_nothing_or_everything_gets_numbers(ratings: Ratings) -> None:
    blend = small_blend(ratings)
    nothing = blend.relevance(Histories.of_one([], [], 40))
    everything = blend.relevance(Histories.of_one(np.arange(40), np.full(40, 7), 40))
    assert np.isfinite(nothing).all()
    assert np.isfinite(everything).all()


def test_weights_come_back_from_an_artifact(ratings: Ratings, tmp_path: Path) -> None:
    blend = small_blend(ratings)
    path = write_artifact(tmp_path, "one", arrays={"blend": blend.arrays()}, manifest={})
    again = RankBlend.from_arrays(load_arrays(path, "blend"), blend.rankers)
    histories = Histories.of_ratings(ratings)
    assert (again.weights, again.lead, again.n_candidates) == (blend.weights, "ease", 8)
    assert np.array_equal(again.relevance(histories), blend.relevance(histories))
    with pytest.raises(DataError, match="missing: als"):
        RankBlend.from_arrays(blend.arrays(), {"ease": blend.rankers["ease"]})


def taste_groups(n_users: int = 240, n_items: int = 120) -> Ratings:
    """Three groups of raters, each mostly with titles of its own third; the first are popular."""
    generator = np.random.default_rng(5)
    user, item = (grid.ravel() for grid in np.mgrid[:n_users, :n_items])
    own = user % 3 == item % 3
    chance = np.where(own, 0.5, 0.08) * (1.4 - item / n_items)
    keep = generator.random(user.size) < chance
    score = np.where(own, generator.integers(7, 11, user.size), generator.integers(2, 8, user.size))
    rows = np.stack([user, item, score], axis=1)[keep]
    return samples.ratings([tuple(row) for row in rows.tolist()], n_users=n_users, n_items=n_items)


def test_leaving_the_named_title_out_moves_the_score_that_way() -> None:
    ratings = taste_groups()
    blend = small_blend(ratings, n_candidates=60)
    histories = Histories.of_ratings(ratings)
    moved = []
    for rater in range(0, 240, 6):
        items, scores = histories.one(rater)
        relevance = blend.relevance(histories.take(slice(rater, rater + 1)))[0]
        relevance[items] = -np.inf
        target = int(np.argmax(relevance))
        parts = blend.contributions(items, scores, np.array([target]))[:, 0]
        strongest = int(np.argmax(parts))
        without = Histories.of_one(np.delete(items, strongest), np.delete(scores, strongest), 120)
        moved.append(relevance[target] - blend.relevance(without)[0, target])
    assert np.mean(np.array(moved) > 0) >= 0.9


def test_a_ranker_with_nothing_to_add_gets_no_weight() -> None:
    board = samples.checkerboard()
    keep = np.random.default_rng(1).random(len(board)) < 0.7
    board = board.take(keep)
    parts = parts_of(board)
    train = board.take(parts.train)
    rankers: dict[str, Ranker] = {
        "ease": Ease.fit(train, EaseConfig(regularisation=5.0)),
        "indifferent": Popularity(np.full(30, 7)),
    }
    blend = fit_rank_blend(
        rankers, "ease", HeldOut.of(board, parts, "validation"), RankBlendConfig(n_candidates=9)
    )
    assert blend.weights == {"ease": 1.0}


def test_popularity_counts_against_a_title_until_lists_vary_enough() -> None:
    ratings = taste_groups()
    parts = parts_of(ratings)
    train = ratings.take(parts.train)
    rankers: dict[str, Ranker] = {
        "als": ImplicitAls.fit(train, ImplicitAlsConfig(factors=2)),
        "popular": Popularity.fit(train),
    }
    held_out = HeldOut.of(ratings, parts, "validation")

    def fitted(variety: float) -> RankBlend:
        config = RankBlendConfig(variety=variety, price_of_variety=1.0, n_candidates=40)
        return fit_rank_blend(rankers, "als", held_out, config)

    def n_different(blend: RankBlend) -> int:
        return len(np.unique(held_out.top_lists(blend.relevance, 10)))

    plain, varied = fitted(0.0), fitted(1.05)
    assert "popular" not in plain.weights
    assert varied.weights["popular"] < 0
    assert n_different(varied) >= 1.05 * n_different(plain)
    free = RankBlendConfig(variety=1.05, price_of_variety=0.0, n_candidates=40)
    kept = fit_rank_blend(rankers, "als", held_out, free)
    assert kept.weights.get("popular", 0) > varied.weights["popular"]


def test_what_does_not_fit_is_refused(ratings: Ratings) -> None:
    blend = small_blend(ratings)
    with pytest.raises(DataError, match="lead"):
        RankBlend(blend.rankers, blend.weights, "popular", 8)
    other = Popularity(np.zeros(3, dtype=np.int64))
    with pytest.raises(DataError, match="same titles"):
        RankBlend({**blend.rankers, "popular": other}, {**blend.weights, "popular": 1}, "ease", 8)
    nobody = HeldOut.of(ratings, Split(np.zeros(len(ratings), dtype=np.int8)), "validation")
    with pytest.raises(TooLittleData, match="weigh rankers"):
        fit_rank_blend(blend.rankers, "ease", nobody)
    with pytest.raises(ConfigError, match="n_candidates"):
        RankBlendConfig(n_candidates=0)


def test_popularity_that_leads_keeps_its_weight() -> None:
    ratings = samples.checkerboard()
    parts = parts_of(ratings)
    train = ratings.take(parts.train)
    rankers: dict[str, Ranker] = {
        "als": ImplicitAls.fit(train, ImplicitAlsConfig(factors=4, regularisation=1.0)),
        "popular": Popularity.fit(train),
    }
    config = RankBlendConfig(variety=2.0, price_of_variety=1.0)
    blend = fit_rank_blend(rankers, "popular", HeldOut.of(ratings, parts, "validation"), config)
    assert blend.lead == "popular"
    assert blend.weights["popular"] == 1
