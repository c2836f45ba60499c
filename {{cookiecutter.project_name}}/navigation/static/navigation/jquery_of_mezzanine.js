window.jQuery = window.jQueryOfMezzanine;
delete window.jQueryOfMezzanine;
