// Keeps the open page up to date: the server says that something changed, the page is fetched again and what
// differs in its [data-live] parts is put in place. Without this script every page still works.
"use strict";

(() => {
  const QUIET_MS = 1000; // at most one fetch a second
  const ANYWAY_MS = 30000; // "for 9 min" moves on by itself
  const RETRY_MS = 20000; // after the server refused a stream
  const pulse = document.getElementById("pulse");
  let source = null;
  let timer = null;
  let fetched = Date.now();
  let busy = false;
  let wanted = false;

  function show(state, words) {
    pulse.dataset.state = state;
    pulse.lastElementChild.textContent = words;
  }

  // -- putting new parts in place

  function patch(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(document.importNode(fresh, true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.dataset.touched) return; // somebody is filling it in
    const words = old.hasAttribute("data-flash") ? old.textContent : null;
    patchAttributes(old, fresh);
    patchChildren(old, fresh);
    if (words !== null && words !== old.textContent) flash(old);
  }

  function patchAttributes(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  function patchChildren(old, fresh) {
    const keyed = new Map();
    for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
    let next = old.firstChild;
    for (const wantedChild of [...fresh.childNodes]) {
      const key = wantedChild.dataset && wantedChild.dataset.key;
      if (key) {
        const known = keyed.get(key);
        if (known) {
          keyed.delete(key);
          if (known === next) next = next.nextSibling;
          else old.insertBefore(known, next);
          patch(known, wantedChild);
        } else {
          const added = document.importNode(wantedChild, true);
          old.insertBefore(added, next);
          flash(added);
        }
        continue;
      }
      while (next && next.dataset && next.dataset.key) next = next.nextSibling;
      if (next && next.nodeName === wantedChild.nodeName) {
        const known = next;
        next = next.nextSibling;
        patch(known, wantedChild);
      } else {
        old.insertBefore(document.importNode(wantedChild, true), next);
      }
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      if (!(gone.dataset && gone.dataset.key)) gone.remove();
    }
    for (const gone of keyed.values()) gone.remove();
  }

  function flash(element) {
    element.classList.remove("flash");
    void element.offsetWidth; // begins the animation anew
    element.classList.add("flash");
    element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
  }

  // -- when to fetch

  async function refresh() {
    if (busy) {
      wanted = true;
      return;
    }
    busy = true;
    wanted = false;
    fetched = Date.now();
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
          const fresh = page.getElementById(part.id);
          if (fresh) patch(part, fresh);
        }
        document.documentElement.dataset.refreshed = String(Number(document.documentElement.dataset.refreshed || 0) + 1);
      }
    } catch (error) {
      show("off", "no connection");
    }
    busy = false;
    if (wanted) soon();
  }

  function soon() {
    if (timer !== null || document.hidden) return;
    const wait = Math.max(0, QUIET_MS - (Date.now() - fetched));
    timer = setTimeout(() => {
      timer = null;
      refresh();
    }, wait);
  }

  function listen() {
    if (source !== null || document.hidden) return;
    source = new EventSource(document.body.dataset.liveUrl);
    source.addEventListener("hello", () => {
      show("on", "live");
      soon(); // what changed while nobody listened
    });
    source.addEventListener("changed", soon);
    source.addEventListener("error", () => {
      show("off", "not live");
      if (source !== null && source.readyState === EventSource.CLOSED) {
        source = null; // refused: too many browsers, or the server is going down
        setTimeout(listen, RETRY_MS);
      }
    });
  }

  function hush() {
    if (source !== null) source.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
  window.addEventListener("pagehide", hush);
  window.addEventListener("pageshow", listen);
  setInterval(() => {
    if (Date.now() - fetched >= ANYWAY_MS) soon();
  }, 5000);

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) form.dataset.touched = "1";
  });
  document.addEventListener("submit", (event) => {
    // Pressed twice is asked once. Not disabled: going back to the page would find it dead.
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  for (const form of document.querySelectorAll("form.filters")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, input[type=checkbox]")) form.requestSubmit();
    });
  }
  listen();
})();
