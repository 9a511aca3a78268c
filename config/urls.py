"""Every address of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("", include("recommender.urls")),
    path("", include("catalog.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/", include("config.api_urls")),
    path("admin/dashboard/", include("recommender.dashboard_urls")),
    # Ahead of the admin's own login page: there is one way to log in, with one limit.
    path("admin/login/", secure_admin_login(admin.site.login)),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("", include("django_prometheus.urls")),
]
