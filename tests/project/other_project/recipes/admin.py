from django.contrib import admin
from mezzanine.pages.admin import PageAdmin

from .models import Order, Recipe

admin.site.register(Recipe, PageAdmin)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    def has_add_permission(self, request):
        return False
