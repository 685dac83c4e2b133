// A settlement in which nothing agrees: of the roof the operator knows nothing.
const ask = window.fetch;
window.fetch = async (url, options) => {
  const answer = await ask(url, options);
  if (!url.includes("/settlements/operator")) return answer;
  const body = await answer.json();
  const nothing = { operator_result_kwh: null, result_residual_kwh: null, result_apart_kwh: 119.04, cause: "unknown_to_operator" };
  body.rows = body.rows.map((row) => (row.cause === "agrees" ? { ...row, ...nothing } : row));
  return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
};
