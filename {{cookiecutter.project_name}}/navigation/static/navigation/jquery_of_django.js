/* Select2 attaches itself to the global jQuery, and autocomplete.js uses Django's. */
window.jQueryOfMezzanine = window.jQuery;
window.jQuery = django.jQuery;
