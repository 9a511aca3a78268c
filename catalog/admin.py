"""The catalogue in the Django admin. What changes a list or a title goes through the services."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, StackedInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from catalog.models import (
    Anime,
    ApiToken,
    Dismissal,
    Genre,
    ImportJob,
    Profile,
    Rater,
    Rating,
    User,
)
from catalog.services import accounts, ratings
from catalog.services.catalogue import catalogue_changed
from catalog.titles import franchise_key, search_title

admin.site.unregister(Group)


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # django-unfold is untyped
    """For rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody changes one by hand."""
        return False


class ProfileInline(StackedInline):  # type: ignore[misc]  # django-unfold is untyped
    """An account's settings."""

    model = Profile
    can_delete = False
    fields: ClassVar[list[str]] = ["show_adult", "is_public"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]  # see ReadOnlyAdmin
    """Accounts."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines: ClassVar[list[type]] = [ProfileInline]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of an account that nobody may delete, such as the last superuser's."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not accounts.why_not_deletable(user=obj))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete with everything that is known of the person, as they could themselves."""
        try:
            accounts.delete_account(user=obj)
        except accounts.DeletionRefused as error:
            self.message_user(request, f"{obj.get_username()}: {error}", messages.ERROR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete one by one, each with everything."""
        for user in queryset:
            self.delete_model(request, user)


@admin.register(Genre)
class GenreAdmin(ModelAdmin):  # type: ignore[misc]  # django-unfold is untyped
    """Genres."""

    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields: ClassVar[dict[str, tuple[str, ...]]] = {"slug": ("name",)}

    def save_model(
        self, request: HttpRequest, obj: Genre, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Save, and let everybody know."""
        super().save_model(request, obj, form, change)
        catalogue_changed()


@admin.register(Anime)
class AnimeAdmin(ModelAdmin):  # type: ignore[misc]  # django-unfold is untyped
    """Titles. They are not deleted here, since people's lists would lose them."""

    list_display = ("title", "id", "type", "episodes", "mean_score", "members", "is_adult")
    list_filter = ("type", "is_adult", "genres")
    search_fields = ("title", "search_title", "=id")
    filter_horizontal = ("genres",)
    ordering = ("-members", "id")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Titles stay."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Anime | None = None) -> list[str]:
        """The id is given once."""
        return ["id"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: Anime, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Save with the text that is derived from the title."""
        obj.search_title = search_title(obj.title)
        obj.franchise_key = franchise_key(obj.title)
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: "ModelForm[Any]", formsets: Any, change: bool
    ) -> None:
        """Save the genres, and let everybody know."""
        super().save_related(request, form, formsets, change)
        catalogue_changed()


@admin.register(Rater)
class RaterAdmin(ReadOnlyAdmin):
    """Raters: those who came with data, simulated ones, and those with an account."""

    list_display = ("__str__", "source", "source_id", "user", "revision")
    list_filter = ("source",)
    search_fields = ("=source_id", "user__username")
    list_select_related = ("user",)
    show_full_result_count = False
    ordering = ("-pk",)


class _ListRowAdmin(ReadOnlyAdmin):
    """A row of somebody's list: may be deleted, through the service."""

    raw_id_fields = ("rater", "anime")
    list_select_related = ("rater__user", "anime")
    search_fields = ("=rater__source_id", "rater__user__username", "anime__title")
    show_full_result_count = False
    ordering = ("-pk",)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete one by one, so that each rater's list is renewed."""
        for row in queryset.select_related("rater", "anime"):
            self.delete_model(request, row)


@admin.register(Rating)
class RatingAdmin(_ListRowAdmin):
    """Ratings."""

    list_display = ("rater", "anime", "status", "score", "episodes_watched", "updated_at")
    list_filter = ("status", "score")

    def delete_model(self, request: HttpRequest, obj: Rating) -> None:
        """Take the title off the rater's list."""
        ratings.remove(rater=obj.rater, anime=obj.anime)


@admin.register(Dismissal)
class DismissalAdmin(_ListRowAdmin):
    """Titles that somebody is not interested in."""

    list_display = ("rater", "anime", "created_at")

    def delete_model(self, request: HttpRequest, obj: Dismissal) -> None:
        """Take the dismissal back."""
        ratings.undo_dismissal(rater=obj.rater, anime=obj.anime)


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    """Imports."""

    list_display = ("__str__", "state", "rows_read", "rows_rejected", "created_at", "finished_at")
    list_filter = ("kind", "state")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """API tokens; deleting one revokes it."""

    list_display = ("name", "user", "created", "expiry")
    exclude = ("digest",)
    list_select_related = ("user",)
