/**
 * Greets whoever the query names: `?name=Ada`.
 *
 * @param {import('webtask-kit').WebtaskContext} context
 * @param {import('webtask-kit').WebtaskCallback} callback
 */
module.exports = (context, callback) => {
  const { name } = context.query;
  if (!name) return callback(Object.assign(new Error('Missing name.'), { statusCode: 400 }));
  return callback(null, { message: `Hello, ${name}!` });
};
