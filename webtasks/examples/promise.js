/**
 * `async (context, callback)`: the promise's value is the result, its rejection the error. Relays the answer of an API.
 *
 * Both parameters are written out, since their number says how a webtask is called.
 *
 * @param {import('webtask-kit').WebtaskContext<{ API_URL: string }>} context
 * @param {import('webtask-kit').WebtaskCallback} _callback
 */
module.exports = async (context, _callback) => {
  const response = await fetch(context.secrets.API_URL);
  if (!response.ok) throw Object.assign(new Error(`The API answered ${response.status}.`), { statusCode: 502 });
  return response.json();
};
