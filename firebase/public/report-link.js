// Hands the link's token over, after a click. The token rides behind "#", which browsers keep to
// themselves: no request log has it, and a mail scanner that merely opens the page uses nothing up.
"use strict";

const token = window.location.hash.slice(1);

if (/^[A-Za-z0-9_.-]+$/.test(token)) {
  document.getElementById("token").value = token;
  document.getElementById("button").disabled = false;
} else {
  const say = document.getElementById("say");
  say.textContent = "This link is not complete. Open it again from your mail, or copy all of it.";
  say.className = "warning";
}

// A new link pasted into the same tab changes only what is behind "#", and loads nothing.
window.addEventListener("hashchange", () => window.location.reload());
