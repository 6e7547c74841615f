/**
 * `(callback)`: the smallest webtask. Its result becomes JSON.
 *
 * @param {import('webtask-kit').WebtaskCallback} callback
 */
module.exports = (callback) => {
  callback(null, 'Hello, world!');
};
