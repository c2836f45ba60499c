/* The tree of the pages of a large site in the admin, in which a level is loaded when it is opened.
   page_tree.js of Mezzanine does the rest; the pages that are open are in its cookie. */
(function () {
    'use strict';

    var COOKIE = 'mezzanine-admin-tree';
    var tree = document.getElementById('tree');

    function openPages() {
        var match = document.cookie.match('(?:^|; )' + COOKIE + '=([^;]*)');
        return match && match[1] ? match[1].split(',') : [];
    }

    function remember(id, isOpen) {
        var ids = openPages().filter(function (each) { return each !== id; });
        document.cookie = COOKIE + '=' + (isOpen ? ids.concat(id) : ids).join(',') + '; path=/';
    }

    function levelBelow(item) {
        return item.querySelector(':scope > ol');
    }

    // Put the rows that an address answers with into the place of one row.
    function load(address, row) {
        return fetch(address, {credentials: 'same-origin'}).then(function (answer) {
            if (!answer.ok) {
                throw new Error(answer.status);
            }
            return answer.text();
        }).then(function (html) {
            var rows = new DOMParser().parseFromString(html, 'text/html').querySelector('ol').children;
            var list = row.parentNode;
            Array.from(rows).forEach(function (each) {
                list.insertBefore(document.adoptNode(each), row);
            });
            list.removeChild(row);
            Array.from(list.children).forEach(openAsBefore);
        }).catch(function () {
            location.reload();  // where staff may have to log in, or see what has changed
        });
    }

    function show(item, isOpen) {
        var level = levelBelow(item);
        if (isOpen && level.dataset.branch) {
            var address = level.dataset.branch;
            delete level.dataset.branch;
            load(address, level.firstElementChild);
        }
        level.style.display = isOpen ? '' : 'none';
        item.querySelector('.tree-toggle .close').style.display = isOpen ? 'inline' : 'none';
        item.querySelector('.tree-toggle .open').style.display = isOpen ? 'none' : 'inline';
    }

    function idOf(item) {
        return item.id.replace('ordering_', '');
    }

    function openAsBefore(item) {
        if (levelBelow(item) && levelBelow(item).dataset.branch) {
            show(item, openPages().indexOf(idOf(item)) > -1);
        }
    }

    // Before page_tree.js, which knows only what was on the page from the beginning.
    tree.addEventListener('click', function (event) {
        var toggle = event.target.closest('.tree-toggle');
        var more = event.target.closest('.more-pages a');
        if (toggle) {
            var item = toggle.closest('li');
            var isOpen = levelBelow(item).style.display === 'none';
            show(item, isOpen);
            remember(idOf(item), isOpen);
        } else if (more) {
            load(more.getAttribute('href'), more.closest('li'));
        } else {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
    }, true);

    tree.addEventListener('change', function (event) {
        var select = event.target.closest('li .addlist');
        if (select && select.value) {
            event.stopPropagation();
            remember(idOf(select.closest('li')), true);
            location.href = select.value;
            select.selectedIndex = 0;
        }
    }, true);

    window.addEventListener('load', function () {
        tree.querySelectorAll('li').forEach(openAsBefore);
        // A page that was dropped onto a level that is not loaded is shown among its new siblings.
        jQuery(document).ajaxSuccess(function (event, request, options) {
            if (options.url === window.__page_ordering_url
                    && tree.querySelector('ol[data-branch] > li[id]')) {
                location.reload();
            }
        });
    });
}());
