import numpy as np

from ml.breakdowns import Group, by_activity, by_popularity


def test_raters_are_divided_into_quarters() -> None:
    n_watched = np.array([9, 1, 2, 3, 4, 5, 6, 7, 1000])
    grouping = by_activity(n_watched, np.arange(1, 9))
    assert grouping.member_of.tolist() == [-1, 0, 0, 1, 1, 2, 2, 3, 3]
    assert grouping.groups == (
        Group("1–2 titles", 1, 2, 2),
        Group("3–4 titles", 3, 4, 2),
        Group("5–6 titles", 5, 6, 2),
        Group("7–1,000 titles", 7, 1000, 2),
    )


def test_raters_who_are_alike_stay_together() -> None:
    grouping = by_activity(np.array([1, 1, 1, 8]), np.array([3, 1, 0, 2, 2]))
    assert grouping.groups == (Group("1 title", 1, 1, 3), Group("8 titles", 8, 8, 1))
    assert grouping.member_of.tolist() == [0, 0, 0, 1]


def test_there_may_be_no_raters() -> None:
    grouping = by_activity(np.array([3, 4]), np.array([], dtype=np.int64))
    assert grouping.groups == ()
    assert grouping.member_of.tolist() == [-1, -1]


def test_each_third_of_titles_has_a_third_of_the_ratings() -> None:
    grouping = by_popularity(np.array([1, 6, 2, 3, 0, 2, 1, 3]))
    # Of 18 ratings the first title has 6, the two with 3 have 6, the others 6.
    assert grouping.groups == (
        Group("head", 6, 6, 1),
        Group("middle", 3, 3, 2),
        Group("tail", 0, 2, 5),
    )
    assert [each.heading for each in grouping.groups] == ["head (6)", "middle (3)", "tail (0–2)"]
    assert grouping.member_of.tolist() == [2, 0, 2, 1, 2, 2, 2, 1]


def test_titles_with_as_many_ratings_stay_together() -> None:
    grouping = by_popularity(np.array([2, 2, 2]))
    assert grouping.groups == (Group("head", 2, 2, 3),)


def test_without_ratings_every_title_is_tail() -> None:
    assert by_popularity(np.array([0, 0])).groups == (Group("tail", 0, 0, 2),)
    assert by_popularity(np.array([], dtype=np.int64)).groups == ()
