import type { WebtaskCallback, WebtaskContext } from 'webtask-kit';

/** Greets whoever the query names: `?name=Ada`. */
export default (context: WebtaskContext, callback: WebtaskCallback) => {
  const { name } = context.query;
  if (!name) return callback(Object.assign(new Error('Missing name.'), { statusCode: 400 }));
  return callback(null, { message: `Hello, ${name}!` });
};
