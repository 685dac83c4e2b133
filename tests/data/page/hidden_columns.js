// Which columns of the members' table are not to be seen.
setTimeout(() => {
  const members = document.getElementById("members");
  const hidden = [...members.querySelectorAll("thead th")].filter((head) => head.offsetParent === null);
  document.body.dataset.hidden = hidden.map((head) => head.textContent).join();
}, 4_000);
