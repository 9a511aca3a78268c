"""``manage.py recommend``: one rater's list on the terminal."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.models import Rater, User
from catalog.selectors import profile_of, rater_of
from recommender.services import serving
from recommender.services.lists import DEFAULT_METHOD, METHODS, RecommendationList


class Command(BaseCommand):
    """Prints the titles that a rater has not seen, best first."""

    help = "Print a rater's recommendations."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--rater", type=int, metavar="SOURCE_ID", help="a rater by source_id")
        who.add_argument("--user", metavar="NAME", help="an account by its name")
        parser.add_argument(
            "--source",
            default=Rater.Source.IMPORT.value,
            choices=[Rater.Source.IMPORT.value, Rater.Source.DEMO.value],
            help="where --rater comes from",
        )
        parser.add_argument("-n", type=int, default=10, help="how many titles")
        parser.add_argument("--method", default=DEFAULT_METHOD, choices=list(METHODS))
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the rater and print the list."""
        if options["n"] < 1:
            raise CommandError(f"-n must be 1 or more, not {options['n']}.")
        rater, show_adult = self._rater(options)
        result = serving.recommend(
            rater=rater, method=options["method"], n=options["n"], show_adult=show_adult
        )
        if options["json"]:
            self.stdout.write(json.dumps(_entries(result), ensure_ascii=False, indent=2))
        else:
            self._print(result)

    def _rater(self, options: dict[str, Any]) -> tuple[Rater | None, bool]:
        """The rater and whether adult titles are shown: an account's setting; else they are."""
        if options["user"] is not None:
            user = User.objects.filter(username=options["user"]).first()
            if user is None:
                raise CommandError(f"There is no account named {options['user']!r}.")
            return rater_of(user), profile_of(user).show_adult
        source, source_id = options["source"], options["rater"]
        rater = Rater.objects.filter(source=source, source_id=source_id).first()
        if rater is None:
            raise CommandError(
                f"There is no rater {source_id} of source {source!r}. Raters of the data set come "
                "with manage.py import_ratings; simulated ones have --source demo."
            )
        return rater, True

    def _print(self, result: RecommendationList) -> None:
        if result.fallback:
            self.stderr.write(result.fallback)
        self.stdout.write(f"{'':>3}  {'score':>5}  {'rel.':>5}  title")
        for item in result.items:
            prediction = f"{item.prediction:.2f}" if item.prediction is not None else "–"
            self.stdout.write(
                f"{item.rank:>3}  {prediction:>5}  {item.recommender_score:5.3f}  {item.anime}"
            )


def _entries(result: RecommendationList) -> list[dict[str, Any]]:
    """The list as ``--json`` prints it."""
    entries = []
    for item in result.items:
        entry = {
            "rank": item.rank,
            "anime_id": item.anime.pk,
            "title": item.anime.title,
            "prediction": item.prediction,
            "relevance": item.relevance,
            "recommender_score": item.recommender_score,
            "reasons": [reason.text for reason in item.reasons],
            "is_exploration": item.is_exploration,
            "source": result.source,
        }
        if item.sim is not None:
            entry["sim"] = item.sim
        entries.append(entry)
    return entries
