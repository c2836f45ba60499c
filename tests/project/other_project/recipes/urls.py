from django.urls import path

from . import views

app_name = "recipes"

urlpatterns = [path("", views.orders, name="orders"), path("<int:pk>/", views.order, name="order")]
