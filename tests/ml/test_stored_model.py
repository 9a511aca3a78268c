"""A stored model meets files with raters and titles that it does not know."""

from dataclasses import replace

import numpy as np
import pytest

from ml import stored_model
from ml.data import IdMap
from ml.errors import ConfigError, DataError, TooLittleData
from ml.rating_files import ListTable, RatingTable
from ml.stored_model import METHODS, StoredModel
from ml.suite_fit import fit_held_out, refit
from tests.ml import samples

RATINGS, PARTS = samples.thinned_checkerboard()
USERS, ITEMS = IdMap(np.arange(100, 130)), IdMap(np.arange(0, 60, 2))
TABLE = RatingTable(
    USERS.ids[RATINGS.user_index], ITEMS.ids[RATINGS.item_index], RATINGS.score.astype(np.int64)
)
SEED = 3


@pytest.fixture(scope="module")
def model() -> StoredModel:
    config = samples.quick_suite_config()
    held_out = fit_held_out(RATINGS, PARTS, config)
    return StoredModel(USERS, ITEMS, refit(RATINGS, held_out, config), held_out.suite, SEED)


def joined(*tables: RatingTable) -> RatingTable:
    columns = ("user_id", "anime_id", "score")
    return RatingTable(
        *(np.concatenate([getattr(table, name) for table in tables]) for name in columns)
    )


def of_rater(user_id: int, as_id: int) -> RatingTable:
    own = np.flatnonzero(TABLE.user_id == user_id)
    return RatingTable(np.full(own.size, as_id), TABLE.anime_id[own], TABLE.score[own])


def whole(lists: list[ListTable]) -> dict[str, np.ndarray]:
    names = ("user_id", "rank", "anime_id", "relevance", "prediction")
    return {name: np.concatenate([getattr(each, name) for each in lists]) for name in names}


def test_unknown_raters_and_titles_are_predicted_as_the_average(model: StoredModel) -> None:
    known = model.predict(np.array([100, 101]), np.array([4, 4]))
    assert known[0] != known[1]
    unknown = model.predict(np.array([7, 8, 100, 7]), np.array([4, 4, 5, 5]))
    assert unknown[0] == unknown[1]
    assert np.all((unknown >= 1) & (unknown <= 10))


@pytest.mark.parametrize("method", METHODS)
def test_who_is_unknown_gets_the_list_that_their_history_makes(
    model: StoredModel, method: str
) -> None:
    table = joined(of_rater(104, 104), of_rater(104, 5))
    found = whole(list(model.lists(table, method=method, n=4)))
    assert found["user_id"].tolist() == [5] * 4 + [104] * 4
    assert found["rank"].tolist() == [1, 2, 3, 4] * 2
    for name in ("anime_id", "relevance", "prediction"):
        assert found[name][:4].tolist() == found[name][4:].tolist()
    assert np.all(np.diff(found["relevance"][:4]) <= 0)
    assert not set(found["anime_id"]) & set(of_rater(104, 5).anime_id)
    predictor = model.served.predictor
    assert predictor
    own = TABLE.user_id == 104
    vector = predictor.fold_in(RATINGS.item_index[own], RATINGS.score[own])
    expected = predictor.predict(vector, ITEMS.index(found["anime_id"][:4]))
    assert found["prediction"][:4] == pytest.approx(np.clip(expected, 1, 10), abs=1e-5)


def test_lists_do_not_depend_on_the_batches(
    model: StoredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = list(model.lists(TABLE, method="for-you", n=5))
    assert len(together) == 1
    monkeypatch.setattr(stored_model, "_BATCH_CELLS", 30 * 7)
    apart = list(model.lists(TABLE, method="for-you", n=5))
    assert len(apart) == 5
    one, other = whole(together), whole(apart)
    for name in ("user_id", "rank", "anime_id"):
        assert one[name].tolist() == other[name].tolist(), name
    for name in ("relevance", "prediction"):
        assert np.allclose(one[name], other[name], atol=1e-4), name


def test_unknown_titles_are_neither_learnt_from_nor_listed(model: StoredModel) -> None:
    plain = of_rater(104, 104)
    unknown = RatingTable(np.array([104, 104, 6]), np.array([1, 3, 3]), np.array([10, 1, 9]))
    found = whole(list(model.lists(joined(plain, unknown), method="collaborative", n=100)))
    own = found["user_id"] == 104
    expected = whole(list(model.lists(plain, method="collaborative", n=100)))
    for name, values in expected.items():
        assert found[name][own].tolist() == values.tolist(), name
    # Of rater 6 nothing is known; a list is made all the same, of every title of the model.
    assert sorted(found["anime_id"][~own]) == ITEMS.ids.tolist()


def test_a_list_ends_when_nothing_is_left(model: StoredModel) -> None:
    everything = RatingTable(np.full(29, 1), ITEMS.ids[1:], np.full(29, 5))
    found = whole(list(model.lists(everything, method="popular", n=10)))
    assert found["anime_id"].tolist() == [0]
    assert found["rank"].tolist() == [1]


def test_what_cannot_be_listed_is_refused(model: StoredModel) -> None:
    with pytest.raises(DataError, match="only by for-you, collaborative"):
        model.lists(TABLE, method="content", n=3)
    with pytest.raises(ConfigError, match="n must"):
        model.lists(TABLE, method="popular", n=0)
    less = replace(model, served=replace(model.served, for_you=None, net=None))
    with pytest.raises(DataError, match="only by collaborative, popular"):
        less.lists(TABLE, method="for-you", n=3)


def test_more_raters_and_titles_are_measured_with_the_rest(model: StoredModel) -> None:
    alone = model.evaluate(TABLE)
    assert (alone.n_titles, alone.n_test_raters) == (30, 30)
    rng = np.random.default_rng(0)
    more = RatingTable(
        np.repeat(np.arange(40, 50), 6),
        np.tile(np.array([1, 3, 4, 8, 10, 21]), 10),
        rng.integers(8, 11, 60),
    )
    report = model.evaluate(joined(TABLE, more))
    assert (report.n_titles, report.n_test_raters) == (33, 40)
    assert list(report.scores) == list(alone.scores)
    assert list(report.lists) == list(alone.lists)
    # The first ten raters are new; of the others every list is as before.
    for name, before in alone.ndcg_by_rater.items():
        if name != "popular":
            after = report.ndcg_by_rater[name][-before.size :]
            assert after == pytest.approx(before, abs=1e-6), name


def test_a_file_of_a_few_raters_is_measured_over_all_titles(model: StoredModel) -> None:
    some = RatingTable(*(column[TABLE.user_id < 105] for column in vars(TABLE).values()))
    report = model.evaluate(some)
    assert (report.n_titles, report.n_test_raters) == (30, 5)


def test_without_a_test_row_there_is_nothing_to_measure(model: StoredModel) -> None:
    with pytest.raises(TooLittleData, match="five scored titles"):
        model.evaluate(RatingTable(np.array([1]), np.array([2]), np.array([3])))
