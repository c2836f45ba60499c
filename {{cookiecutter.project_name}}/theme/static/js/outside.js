// What an owner of the site has chosen to get from others: Google Analytics, and Disqus.

const { analytics, disqus } = document.querySelector("script[data-outside]").dataset;
const thread = document.querySelector("#disqus_thread");

function load(address) {
    document.head.append(Object.assign(document.createElement("script"), { src: address, async: true }));
}

if (analytics) {
    window.dataLayer = [];
    window.gtag = function () { dataLayer.push(arguments); };
    gtag("js", new Date());
    gtag("config", analytics);
    load(`https://www.googletagmanager.com/gtag/js?id=${encodeURIComponent(analytics)}`);
}

if (thread) {
    window.disqus_config = function () {
        Object.assign(this.page, { ...thread.dataset, url: location.origin + thread.dataset.url });
    };
    load(`https://${disqus}.disqus.com/embed.js`);
}
