def greeting(get_response):
    """A middleware that looks at every visitor."""

    def middleware(request):
        request.greeting = f"Hello {request.COOKIES.get('name', 'you')}"
        return get_response(request)

    return middleware
