"use strict";
(() => {
  const root = document.documentElement;
  const main = document.getElementById("changes");
  const box = document.getElementById("filter");
  const help = document.getElementById("help");
  const fold = document.getElementById("fold");
  const parts = [...document.querySelectorAll(".part")];
  const entries = [...document.querySelectorAll(".entry")].map((node) => ({
    node,
    head: node.querySelector(".head"),
    link: null,
    text: "",
    shown: true,
  }));
  const byNode = new Map(entries.map((entry) => [entry.node, entry]));
  const rows = [...document.querySelectorAll(".tree :is(summary, a)")];
  const folders = [...document.querySelectorAll(".tree details")].reverse();
  for (const row of rows) {
    row.tabIndex = -1;
    const entry = row.hash && byNode.get(document.getElementById(row.hash.slice(1)));
    if (entry) entry.link = row;
  }
  root.classList.add("live");
  const bar = document.querySelector(".bar");
  new ResizeObserver(() => {
    const above = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
    root.style.scrollPaddingTop = `${above + 8}px`;
  }).observe(bar);

  // What is inside of a folded entry is text until somebody looks: so thousands of them cost nothing.
  const fill = (node) => {
    const waiting = node.querySelector(":scope > noscript");
    if (waiting) waiting.outerHTML = waiting.textContent;
  };
  const unfold = (entry, open) => {
    if (!("open" in entry.node)) return;
    if (open) fill(entry.node);
    entry.node.open = open;
  };
  main.addEventListener("toggle", (event) => { if (event.target.open) fill(event.target); }, true);
  main.addEventListener("click", (event) => { const head = event.target.closest("summary.head"); if (head) fill(head.parentNode); });

  // Where one is: the entry that had the focus last, and its place in the tree.
  let current = null;
  let roving = rows[0];
  const rove = (row) => {
    roving.tabIndex = -1;
    roving = row;
    roving.tabIndex = 0;
  };
  const mark = (entry) => {
    if (current === entry) return;
    current?.link?.removeAttribute("aria-current");
    current = entry;
    if (!entry.link) return;
    entry.link.setAttribute("aria-current", "true");
    entry.link.scrollIntoView({ block: "nearest" });
    rove(entry.link);
  };
  const go = (entry) => {
    if (!entry) return;
    entry.node.scrollIntoView({ block: entry.node.open ? "start" : "nearest" });
    entry.head.focus({ preventScroll: true });
  };
  const step = (by) => {
    const shown = entries.filter((entry) => entry.shown);
    const at = shown.indexOf(current);
    go(shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by]);
  };
  const goTo = (id) => {
    const entry = byNode.get(document.getElementById(id));
    if (!entry) return;
    if (!entry.shown) clear();
    unfold(entry, true);
    go(entry);
  };
  document.addEventListener("focusin", (event) => {
    const entry = byNode.get(event.target.closest(".entry"));
    if (entry) mark(entry);
    if (event.target.matches(".tree :is(summary, a)")) rove(event.target);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#at-']");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    goTo(link.hash.slice(1));
  });

  // What is shown.
  const pressed = (name) => new Set([...main.querySelectorAll(`.chip[data-${name}][aria-pressed=true]`)].map((chip) => chip.dataset[name]));
  const textOf = (entry) => (entry.text ||= entry.node.textContent.replace(/<[^>]*>/g, " ").toLowerCase());
  const waiting = [...entries];
  const readAhead = (time) => {
    while (waiting.length && time.timeRemaining() > 1) textOf(waiting.pop());
    if (waiting.length) requestIdleCallback(readAhead);
  };
  globalThis.requestIdleCallback?.(readAhead);
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tones = pressed("tone"), causes = pressed("cause");
    let count = 0;
    for (const entry of entries) {
      const { tone, cause } = entry.node.dataset;
      entry.shown = (!tones.size || tones.has(tone)) && (!causes.size || causes.has(cause)) && words.every((word) => textOf(entry).includes(word));
      entry.node.hidden = !entry.shown;
      if (entry.link) entry.link.parentNode.hidden = !entry.shown;
      count += entry.shown;
    }
    for (const part of parts) part.hidden = !part.querySelector(".entry:not([hidden])");
    for (const folder of folders) folder.parentNode.hidden = !folder.querySelector(":scope > ul > li:not([hidden])");
    const all = entries.length.toLocaleString();
    document.getElementById("shown").value = count === entries.length ? `${all} shown` : `${count.toLocaleString()} of ${all} shown`;
    document.getElementById("none").hidden = count > 0;
  };
  const clear = () => {
    box.value = "";
    main.querySelectorAll(".chip").forEach((chip) => chip.setAttribute("aria-pressed", "false"));
    filter();
  };
  const view = (name) => {
    main.dataset.view = name;
    main.querySelectorAll(".views button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === name)));
    current?.node.scrollIntoView({ block: "nearest" });
  };
  const foldAll = () => {
    const open = fold.textContent === "Unfold all";
    for (const entry of entries) if (entry.shown) unfold(entry, open);
    fold.textContent = open ? "Fold all" : "Unfold all";
  };
  const theme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  // What is typed is filtered with the next frame, or before a key that asks what is shown.
  let due = 0;
  const settle = () => {
    if (!due) return;
    cancelAnimationFrame(due);
    due = 0;
    filter();
  };
  box?.addEventListener("input", () => { due ||= requestAnimationFrame(settle); });
  main.addEventListener("submit", (event) => event.preventDefault());
  main.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".chip")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    } else if (button?.dataset.view) view(button.dataset.view);
  });
  fold?.addEventListener("click", foldAll);
  document.getElementById("theme").addEventListener("click", theme);
  document.getElementById("keys").addEventListener("click", () => help.showModal());

  // Keys.
  const isSeen = (row) => !row.closest("li[hidden]") && !row.closest("li").parentNode.closest("details:not([open])");
  const inTree = (key, row) => {
    const details = row.matches("summary") ? row.parentNode : null;
    const above = row.closest("li").parentNode.closest("details");
    const at = rows.indexOf(row);
    const walk = (from, by) => {
      let next = from;
      while (rows[next] && !isSeen(rows[next])) next += by;
      rows[next]?.focus();
    };
    if (key === "ArrowDown" || (key === "ArrowRight" && details?.open)) walk(at + 1, 1);
    else if (key === "ArrowUp") walk(at - 1, -1);
    else if (key === "Home") walk(0, 1);
    else if (key === "End") walk(rows.length - 1, -1);
    else if (key === "ArrowRight" && details) details.open = true;
    else if (key === "ArrowLeft" && details?.open) details.open = false;
    else if (key === "ArrowLeft") above?.querySelector("summary").focus();
    else return false;
    return true;
  };
  const inBox = (key) => {
    settle();
    if (key === "Enter") step(current?.shown ? 0 : 1);
    else if (key === "Escape") { box.value = ""; filter(); box.blur(); go(current); }
    else return false;
    return true;
  };
  const anywhere = {
    j: () => step(1), k: () => step(-1), o: foldAll, t: theme,
    s: () => view(main.dataset.view === "source" ? "rendered" : "source"),
    "/": () => { box.focus(); box.select(); },
    "?": () => help.showModal(),
  };
  const onHead = { ArrowDown: anywhere.j, ArrowUp: anywhere.k };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const { key, target } = event;
    let done = false;
    if (target === box) done = inBox(key);
    else if (target.closest(".tree") && inTree(key, target)) done = true;
    else {
      const act = anywhere[key] ?? (target.matches(".head") ? onHead[key] : null);
      act?.();
      done = Boolean(act);
    }
    if (done) event.preventDefault();
  });

  // On paper everything is unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = entries.filter((entry) => entry.shown && entry.node.open === false);
    for (const entry of folded) unfold(entry, true);
  });
  addEventListener("afterprint", () => { for (const entry of folded) unfold(entry, false); });

  if (roving) rove(roving);
  if (location.hash) goTo(location.hash.slice(1));
})();
