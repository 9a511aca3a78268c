import numpy as np

from ml.data import IdMap
from ml.pipeline import features_of
from ml.rating_files import TitleTable


def test_features_are_of_the_titles_that_have_a_row() -> None:
    titles = TitleTable(
        np.array([2, 5, 9]), [("Drama",), (), ("Action", "Drama")], ["TV", "Movie", ""]
    )
    names, features = features_of(titles, IdMap(np.array([2, 4, 9])))
    assert names == ["genre:Action", "genre:Drama", "type:Movie", "type:TV"]
    assert features.tolist() == [[0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0]]


def test_of_no_title_known_there_are_no_features() -> None:
    titles = TitleTable(np.array([2]), [()], [""])
    names, features = features_of(titles, IdMap(np.array([2, 4])))
    assert names == []
    assert features.shape == (2, 0)
