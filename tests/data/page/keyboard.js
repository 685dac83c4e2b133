// Added to the page by its test: reads intervals by keyboard, changes language, goes a day back and returns.
const until = (met) =>
  new Promise((done) => {
    const look = () => (met() ? done() : setTimeout(look, 20));
    look();
  });
const note = (name, value) => {
  document.body.dataset[name] = value;
};
const dateText = () => document.getElementById("date").textContent;
const chart = document.getElementById("chart");

await until(() => chart.querySelector(".day"));
for (const key of ["Home", "PageUp", "ArrowRight", "ArrowLeft", "ArrowLeft"]) {
  chart.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}
note("aloud", chart.getAttribute("aria-valuetext"));

document.querySelector("[data-language=fr]").click();
document.getElementById("previous").click();
await until(() => dateText().includes("15"));
note("place", location.search);

history.back();
await until(() => dateText().includes("16"));
note("back", dateText());
