// Only this: every half minute take the new page's contents, and leave alone what is open or focused.
const live = document.getElementById("live");
const every = 30000;

async function refresh() {
  if (live.getAttribute("aria-pressed") !== "true" || document.hidden) return;
  const answer = await fetch(location.href, {credentials: "same-origin"}).catch(() => null);
  if (!answer || !answer.ok) {
    live.dataset.lost = "";
    return;
  }
  delete live.dataset.lost;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const open of document.querySelectorAll("details[open]")) {
    fresh.getElementById(open.id)?.setAttribute("open", "");
  }
  const focused = document.activeElement?.closest("main details")?.id;
  document.title = fresh.title;
  document.querySelector(".at time").replaceWith(fresh.querySelector(".at time"));
  document.querySelector("main").replaceChildren(...fresh.querySelector("main").childNodes);
  if (focused) document.getElementById(focused)?.querySelector("summary").focus({preventScroll: true});
}

live.hidden = false;
live.addEventListener("click", () => {
  const pressed = live.getAttribute("aria-pressed") === "true";
  live.setAttribute("aria-pressed", String(!pressed));
  live.textContent = pressed ? "Paused" : "Live";
  refresh();
});
setInterval(refresh, every);
document.addEventListener("visibilitychange", refresh);
