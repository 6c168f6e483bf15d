// Looks every three seconds for what is new, without touching what is being typed. Without this script the page
// works as well: it then shows what is new when it is loaded again.
(() => {
  "use strict";
  const EVERY = 3000;
  const title = document.title;
  const address = location.pathname + "?live=1";
  const end = () => document.getElementById("talk").lastElementChild?.lastElementChild?.scrollIntoView({ block: "nearest" });

  async function look() {
    try {
      const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
      if (answer.status === 404 || answer.type === "opaqueredirect") {
        location.reload();
        return;
      }
      if (!answer.ok) return;
      const box = document.createElement("template");
      box.innerHTML = await answer.text();
      const fresh = box.content.querySelector("#talk");
      const shown = document.getElementById("talk");
      if (!fresh || fresh.innerHTML === shown.innerHTML) return;
      const more = Number(fresh.dataset.lines) > Number(shown.dataset.lines);
      const read = shown.querySelector(".lines")?.scrollTop ?? 0;
      shown.replaceWith(fresh);
      const lines = fresh.querySelector(".lines");
      if (lines) lines.scrollTop = read;
      if (more) {
        end();
        if (document.hidden) document.title = "(!) " + title;
      }
    } catch {
      // The network is away: the next look tries again.
    } finally {
      setTimeout(look, EVERY);
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.title = title;
  });
  const form = document.querySelector("form.write");
  const field = form.querySelector("textarea");
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
  });
  for (const item of document.querySelectorAll(".openings li")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = item.textContent;
    button.addEventListener("click", () => {
      field.value = button.textContent;
      field.focus();
    });
    item.replaceChildren(button);
  }
  end();
  setTimeout(look, EVERY);
})();
