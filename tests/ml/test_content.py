import numpy as np
import pytest

from ml.content import ContentModel, item_features
from ml.errors import DataError, TooLittleData

GENRES = [["Action", "Drama"], ["Action"], ["Drama"], ["Action", "Drama"], []]
TYPES = ["TV", "Movie", "TV", "TV", ""]


@pytest.fixture
def model() -> ContentModel:
    names, features = item_features(GENRES, TYPES)
    return ContentModel(np.array([1, 5, 6, 8, 9]), names, features)


def random_model(n_items: int, seed: int = 0) -> ContentModel:
    generator = np.random.default_rng(seed)
    features = (generator.random((n_items, 9)) < 0.4).astype(np.int8)
    return ContentModel(np.arange(n_items), [str(number) for number in range(9)], features)


def test_features_are_genres_then_types(model: ContentModel) -> None:
    assert model.feature_names == ["genre:Action", "genre:Drama", "type:Movie", "type:TV"]
    assert model.features.tolist() == [
        [1, 1, 0, 1],
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [1, 1, 0, 1],
        [0, 0, 0, 0],
    ]


def test_the_order_of_the_features_can_be_given() -> None:
    names, features = item_features(
        [["B"]], ["TV"], genre_names=["B", "A"], type_names=["OVA", "TV"]
    )
    assert names == ["genre:B", "genre:A", "type:OVA", "type:TV"]
    assert features.tolist() == [[1, 0, 0, 1]]
    with pytest.raises(DataError, match="genre:C"):
        item_features([["C"]], ["TV"], genre_names=["A"])


def test_a_profile_is_whole_numbers_over_its_total(model: ContentModel) -> None:
    profile = model.user_profile(np.array([0, 1]), [9, 4])
    # Action 9 + 4, Drama 9, Movie 4, TV 9: 35 in all.
    assert profile * 35 == pytest.approx([13, 9, 4, 9])
    assert profile.sum() == pytest.approx(1)


def test_the_dot_product_adds_up_the_shares(model: ContentModel) -> None:
    profile = model.user_profile(np.array([0, 1]), [9, 4])
    assert model.similarity(profile) * 35 == pytest.approx([31, 17, 18, 31, 0])


def test_cosine_is_of_the_angle(model: ContentModel) -> None:
    cosines = model.similarity(model.features[0], "cosine")
    assert cosines == pytest.approx([1, 1 / np.sqrt(6), 2 / np.sqrt(6), 1, 0])


def test_a_profile_needs_a_title_with_features(model: ContentModel) -> None:
    with pytest.raises(TooLittleData):
        model.user_profile(np.array([], dtype=int), [])
    with pytest.raises(TooLittleData):
        model.user_profile(np.array([4]), [8])


@pytest.mark.parametrize(
    ("rows", "scores"), [([0], [0]), ([0], [11]), ([0], [np.nan]), ([9], [5]), ([0, 1], [5])]
)
def test_a_profile_of_what_does_not_fit_is_refused(
    model: ContentModel, rows: list[int], scores: list[float]
) -> None:
    with pytest.raises(DataError):
        model.user_profile(np.array(rows), scores)


def test_features_that_are_not_one_hot_are_refused() -> None:
    with pytest.raises(DataError, match="0 or 1"):
        ContentModel(np.array([1]), ["a"], np.array([[2]]))
    with pytest.raises(DataError, match="matrix"):
        ContentModel(np.array([1]), ["a"], np.array([[1, 0]]))
    with pytest.raises(DataError, match="ascending"):
        ContentModel(np.array([2, 1]), ["a"], np.array([[1], [0]]))


def test_an_unknown_measure_is_refused(model: ContentModel) -> None:
    with pytest.raises(DataError, match="euclid"):
        model.similarity(model.features[0], "euclid")  # type: ignore[arg-type]  # the point


def test_similar_titles_leave_out_the_title_and_break_ties_by_id(model: ContentModel) -> None:
    rows, similarities = model.similar_items(0, 3)
    assert rows.tolist() == [3, 2, 1]
    assert similarities == pytest.approx([1, 2 / np.sqrt(6), 1 / np.sqrt(6)])


def test_fractions_that_are_equal_are_ties() -> None:
    # For the first title the cosines are 2/sqrt(8) and 1/sqrt(2).
    features = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    model = ContentModel(np.array([1, 2, 3]), list("abcd"), features)
    assert model.similar_items(0, 2)[0].tolist() == [1, 2]
    assert model.top_similar(2)[0][0].tolist() == [1, 2]


@pytest.mark.parametrize("n_items", [2, 30, 600])
def test_all_pairs_are_those_of_each_title_alone(n_items: int) -> None:
    model = random_model(n_items)
    rows, similarities = model.top_similar(k=7)
    k = min(7, n_items - 1)
    assert rows.shape == similarities.shape == (n_items, k)
    assert (str(rows.dtype), str(similarities.dtype)) == ("int32", "float32")
    for item in range(n_items):
        expected_rows, expected = model.similar_items(item, k)
        assert rows[item].tolist() == expected_rows.tolist()
        assert similarities[item] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("n_features", "density"), [(3, 0.3), (20, 0.1), (70, 0.08)])
def test_all_pairs_are_exact_among_many_ties(n_features: int, density: float) -> None:
    generator = np.random.default_rng(n_features)
    features = (generator.random((900, n_features)) < density).astype(np.int8)
    model = ContentModel(np.arange(900), [str(number) for number in range(n_features)], features)
    rows, similarities = model.top_similar(k=5)
    for item in generator.choice(900, 60, replace=False):
        expected_rows, expected = model.similar_items(item, 5)
        assert rows[item].tolist() == expected_rows.tolist()
        # To the bit, so that nobody can tell where an answer comes from.
        assert similarities[item].tolist() == expected.astype(np.float32).tolist()


def test_titles_can_be_left_out_of_the_similar_ones(model: ContentModel) -> None:
    exclude = np.array([False, False, True, False, True])
    assert model.similar_items(0, 4, exclude=exclude)[0].tolist() == [3, 1]
    assert model.similar_items(0, 4, "dot", exclude=exclude)[0].tolist() == [3, 1]
    assert exclude.tolist() == [False, False, True, False, True]
    with pytest.raises(DataError, match="one entry for each"):
        model.similar_items(0, 4, exclude=exclude[1:])


def test_one_title_has_no_neighbours() -> None:
    rows, similarities = random_model(1).top_similar()
    assert (rows.shape, similarities.shape) == ((1, 0), (1, 0))


def test_k_below_one_is_refused() -> None:
    with pytest.raises(DataError):
        random_model(3).top_similar(k=0)
