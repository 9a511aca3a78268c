"""Objects for tests: valid by default, unlike each other."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from catalog import models
from catalog.titles import franchise_key, search_title


class UserFactory(DjangoModelFactory[models.User]):
    class Meta:
        model = models.User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password("correct horse battery")


class GenreFactory(DjangoModelFactory[models.Genre]):
    class Meta:
        model = models.Genre
        django_get_or_create = ("slug",)

    name = factory.Sequence(lambda n: f"Genre {n}")
    slug = factory.LazyAttribute(lambda genre: genre.name.lower().replace(" ", "-"))


class AnimeFactory(DjangoModelFactory[models.Anime]):
    """A complete TV title; ``genres=["Drama", "Sci-Fi"]`` sets its genres by name."""

    class Meta:
        model = models.Anime
        skip_postgeneration_save = True

    id = factory.Sequence(lambda n: n + 1)
    title = factory.Sequence(lambda n: f"Title {n}")
    search_title = factory.LazyAttribute(lambda anime: search_title(anime.title))
    franchise_key = factory.LazyAttribute(lambda anime: franchise_key(anime.title))
    type = models.Anime.Type.TV
    episodes = 12
    mean_score = 7.5
    members = factory.Sequence(lambda n: 1000 + n)

    @factory.post_generation
    def genres(self: models.Anime, create: bool, extracted: list[str] | None) -> None:
        if create:
            names = ["Drama"] if extracted is None else extracted
            self.genres.set([GenreFactory.create(name=name) for name in names])


class ImportedRaterFactory(DjangoModelFactory[models.Rater]):
    class Meta:
        model = models.Rater

    source = models.Rater.Source.IMPORT
    source_id = factory.Sequence(lambda n: n + 1)


class AccountRaterFactory(DjangoModelFactory[models.Rater]):
    class Meta:
        model = models.Rater

    source = models.Rater.Source.ACCOUNT
    user = factory.SubFactory(UserFactory)


class RatingFactory(DjangoModelFactory[models.Rating]):
    class Meta:
        model = models.Rating

    rater = factory.SubFactory(ImportedRaterFactory)
    anime = factory.SubFactory(AnimeFactory)
    score = 8
    status = models.Rating.Status.COMPLETED
    updated_at = factory.LazyFunction(timezone.now)
