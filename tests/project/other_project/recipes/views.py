from django.shortcuts import get_object_or_404, render

from .models import Order


def orders(request):
    return render(request, "recipes/orders.html", {"orders": Order.objects.all()})


def order(request, pk):
    return render(request, "recipes/orders.html", {"orders": [get_object_or_404(Order, pk=pk)]})
