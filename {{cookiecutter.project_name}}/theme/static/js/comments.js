// Name, address and website of whoever comments stay in this browser, for the next comment.
document.addEventListener("DOMContentLoaded", () => {
    const names = ["name", "email", "url"];
    for (const form of document.querySelectorAll("form[action*='/comment/']")) {
        const fields = names.map((name) => form.elements[name]).filter(Boolean);
        for (const field of fields) {
            field.value ||= localStorage.getItem(`comment-${field.name}`) ?? "";
        }
        form.addEventListener("submit", () => {
            for (const field of fields) localStorage.setItem(`comment-${field.name}`, field.value);
        });
    }
});
