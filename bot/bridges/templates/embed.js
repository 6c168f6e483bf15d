// The chat on another site: a button that opens it in a frame of ours. Nothing is loaded until it is pressed.
// <script src="https://…/nhung.js" data-chu-de="an_toan_mang" data-thoat="https://…" async></script>
(() => {
  "use strict";
  const words = {{ texts.embed | tojson }};
  const script = document.currentScript;
  if (!script || document.getElementById("an-tam")) return;
  const ours = new URL(script.src).origin;
  const topic = script.dataset.chuDe || "";
  const exit = script.dataset.thoat || "";

  // Styles are set through the object model: a strict policy of the host page forbids style attributes and sheets.
  const dress = (element, styles) => Object.assign(element.style, styles);
  const box = document.createElement("div");
  box.id = "an-tam";
  dress(box, { position: "fixed", right: "16px", bottom: "16px", zIndex: "2147483000", display: "flex",
    flexDirection: "column", alignItems: "flex-end", gap: "8px", maxWidth: "calc(100vw - 32px)" });
  const button = document.createElement("button");
  button.type = "button";
  dress(button, { minHeight: "48px", padding: "0 18px", border: "0", borderRadius: "24px", background: "#0b665c",
    color: "#fff", font: "600 16px/1.3 system-ui, sans-serif", cursor: "pointer",
    boxShadow: "0 2px 12px rgb(0 0 0 / .3)" });
  let frame = null;

  const show = (open) => {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.title = words.title;
      frame.referrerPolicy = "no-referrer";
      frame.src = `${ours}/nhung${topic ? `?chu_de=${encodeURIComponent(topic)}` : ""}`;
      dress(frame, { width: "min(400px, calc(100vw - 32px))", height: "min(640px, calc(100vh - 100px))", border: "0",
        borderRadius: "16px", background: "#f6f8f6", boxShadow: "0 4px 24px rgb(0 0 0 / .35)" });
      box.prepend(frame);
    }
    if (frame) frame.style.display = open ? "block" : "none";
    button.textContent = open ? words.close : words.open;
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(!frame || frame.style.display === "none"));

  window.addEventListener("message", (event) => {
    if (event.origin !== ours || !frame || event.source !== frame.contentWindow) return;
    if (!event.data || event.data.anTam !== "thoat") return;
    box.remove(); // the quick exit: no sign of the chat stays on this page
    if (/^https:\/\//.test(exit)) location.replace(exit);
  });

  box.append(button);
  show(false);
  const place = () => document.body.append(box);
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);
})();
