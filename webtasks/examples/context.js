/**
 * `(context, callback)`: greets by name. `context.data` holds the query, the body, parameters and secrets in one view;
 * a secret is safest read from `context.secrets`. An error's `statusCode` becomes the status of the response.
 *
 * @param {import('webtask-kit').WebtaskContext<{ GREETING: string }>} context
 * @param {import('webtask-kit').WebtaskCallback} callback
 */
module.exports = (context, callback) => {
  const { name } = context.data;
  if (typeof name !== 'string') return callback(Object.assign(new Error('name is missing'), { statusCode: 422 }));
  callback(null, { text: `${context.secrets.GREETING}, ${name}!` });
};
