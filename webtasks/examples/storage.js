/**
 * `context.storage`: counts its calls in one JSON document, which is kept between requests.
 *
 * Another request may write between this one's `get` and `set`. The error then holds what is there now, to try again.
 *
 * @param {import('webtask-kit').WebtaskContext} context
 * @param {import('webtask-kit').WebtaskCallback} callback
 */
module.exports = (context, callback) => {
  const { storage } = context;
  let attempts = 3;

  /** @param {any} document - of the shape that this webtask gave it */
  const count = (document) => {
    const next = { count: (document?.count ?? 0) + 1 };
    /** @param {any} error - with the `code` and `conflict` that storage adds */
    const done = (error) => {
      attempts -= 1;
      if (error?.code === 409 && attempts > 0) count(error.conflict);
      else callback(error, next);
    };
    storage.set(next, done);
  };

  storage.get((error, document) => {
    if (error) callback(error);
    else count(document);
  });
};
