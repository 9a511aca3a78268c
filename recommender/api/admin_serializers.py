"""Training runs and model versions, as the API takes and gives them."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from catalog.api.examples import answer, only_page, page
from catalog.api.fields import BodySerializer, BooleanField
from catalog.api.serializers import PageSerializer
from recommender.api import examples
from recommender.models import ModelVersion, TrainingRun
from recommender.services.runs import MODELS


@extend_schema_serializer(
    examples=[
        OpenApiExample("With the default settings", value={}, request_only=True),
        OpenApiExample(
            "With settings of its own",
            value={"configuration": {"n_epochs": 10, "batch_size": 512}},
            request_only=True,
        ),
    ]
)
class TrainingRequestSerializer(BodySerializer):
    """What to train, and how."""

    model = serializers.ChoiceField(
        [(model, model) for model in MODELS],
        default="",
        allow_blank=True,
        help_text="The model; empty for all that the default list needs.",
    )
    configuration = serializers.DictField(
        default=dict, help_text="Settings by name; those left out keep their defaults."
    )
    include_simulated = BooleanField(
        default=False,
        help_text="Whether simulated raters may be mixed with real ones. Without simulated "
        "raters, or with nobody else, it does not matter.",
    )


class TrainingRunSerializer(serializers.Serializer[TrainingRun]):
    """A training run. `is_stale` says that its worker has not been heard of lately."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(TrainingRun.State.choices)
    step = serializers.CharField(help_text="What is being done, in words.")
    progress = serializers.FloatField(help_text="How much is done, 0 to 1.")
    error = serializers.CharField(help_text="Why it failed; empty otherwise.")
    is_stale = serializers.BooleanField()
    cancel_requested = serializers.BooleanField()
    model = serializers.CharField()
    configuration = serializers.DictField()
    include_simulated = serializers.BooleanField()
    device = serializers.CharField()
    n_ratings = serializers.IntegerField(allow_null=True)
    attempts = serializers.IntegerField(help_text="How many workers have taken it up.")
    requested_by = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)

    def get_requested_by(self, run: TrainingRun) -> str | None:
        """The name of who asked for it."""
        return run.requested_by.get_username() if run.requested_by else None

    def get_version(self, run: TrainingRun) -> int | None:
        """The id of the model version that came out."""
        version: ModelVersion | None = getattr(run, "version", None)
        return version.pk if version else None


@extend_schema_serializer(examples=[page("training-runs/", examples.RUN)])
class TrainingRunPage(PageSerializer):
    """Runs, the newest first."""

    results = TrainingRunSerializer(many=True)


@extend_schema_serializer(examples=[answer(examples.RUN_DETAIL)])
class TrainingRunDetailSerializer(TrainingRunSerializer):
    """A run with its epochs and its log."""

    epochs = serializers.ListField(
        child=serializers.DictField(),
        help_text="One entry an epoch: stage, epoch, train_rmse, validation_rmse, seconds.",
    )
    log = serializers.CharField(help_text="Lines, each with its time (UTC).")


@extend_schema_serializer(examples=[answer(examples.VERSION)])
class ModelVersionSerializer(serializers.Serializer[ModelVersion]):
    """A model version. `is_simulated`: simulated raters went into it."""

    id = serializers.IntegerField()
    is_active = serializers.BooleanField(help_text="Whether it is what is served.")
    is_simulated = serializers.BooleanField()
    artifact = serializers.CharField(help_text="The name of its folder.")
    run = serializers.IntegerField(
        source="run_id", allow_null=True, help_text="The id of the run that it came out of."
    )
    n_ratings = serializers.IntegerField()
    n_raters = serializers.IntegerField()
    n_titles = serializers.IntegerField()
    metrics = serializers.DictField(help_text="How it did on the ratings held out, by model.")
    data_fingerprint = serializers.CharField()
    created_at = serializers.DateTimeField()
    activated_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[only_page(examples.VERSION)])
class ModelVersionPage(PageSerializer):
    """Versions, the newest first."""

    results = ModelVersionSerializer(many=True)
