// Mezzanine's scripts look for values in the window: data-x of this script is window.__x.

for (const [name, value] of Object.entries(document.currentScript.dataset)) {
    window[`__${name}`] = value;
}
// Django's script for the sidebar, which comes later, looks there.
if (window.__menu_collapsed) {
    localStorage["django.admin.navSidebarIsOpen"] ??= false;
}
