"use strict";
// Loads the page anew when there is something newer to see, and says why there isn't.
const news = document.getElementById("news");
const said = news.querySelector("pre");

function tell(title, lines) {
  news.hidden = !title;
  if (news.querySelector("strong").textContent !== title) news.querySelector("strong").textContent = title;
  if (said.textContent !== lines) said.textContent = lines;
}

async function look() {
  let pause = 500;
  try {
    const now = await (await fetch("/live", { cache: "no-store" })).json();
    const shown = Number(news.dataset.version);
    if (now.version !== shown) {
      const here = location.pathname.split("/").slice(0, 5).join("/");
      if (now.version === shown + 1 && now.moved[here]) location.replace(now.moved[here]);
      else location.reload();
      return;
    }
    tell(now.lines.length ? news.dataset.title : "", now.lines.join("\n"));
  } catch {
    tell("The preview has ended.", "");
    pause = 3000;
  }
  setTimeout(look, pause);
}

look();
