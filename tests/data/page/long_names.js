// Members whose ids are long words, and by how much their table is wider than the room for it.
const ask = window.fetch;
window.fetch = async (url, options) => {
  const answer = await ask(url, options);
  if (!url.includes("/points")) return answer;
  const body = await answer.json();
  body.points.forEach((point, i) => (point.point = `concarneau-municipal-roof-${i}`));
  return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
};
setTimeout(() => {
  const { scrollWidth, clientWidth } = document.getElementById("members");
  document.body.dataset.over = scrollWidth - clientWidth;
}, 4_000);
