// The tabs for the languages of a text, which Mezzanine makes: an error is seen, whatever the
// language that is shown first, and the tabs of a new row work.

const TABS = ".ui-tabs:has(> ul a[href*='#tab_id_'])";
const { jQuery } = window;

// jQuery calls this after Mezzanine's function, which makes the tabs.
jQuery(() => {
    const panels = [...document.querySelectorAll(`${TABS} > .ui-tabs-panel`)];
    const tabs = panels
        .filter((panel) => panel.querySelector(".errorlist"))
        .map((panel) => document.querySelector(`li[aria-controls="${panel.id}"]`));
    tabs.forEach((tab) => tab.classList.add("has-errors"));
    tabs[0]?.querySelector("a").click();

    jQuery(document).on("tabsactivate", TABS, (event, { newTab }) => {
        jQuery(TABS).tabs("option", "active", newTab.index());
    });
});

// Django copies a row without what jQuery UI knows of its tabs, and numbers IDs, but not links.
document.addEventListener("formset:added", ({ target }) => {
    const number = target.id.match(/\d+$/)[0];
    target.querySelectorAll(TABS).forEach((tabs) => {
        tabs.querySelectorAll(":scope > ul a").forEach((link) => {
            link.removeAttribute("id");
            link.hash = link.hash.replace("__prefix__", number);
        });
        jQuery(tabs).tabs();
    });
});
