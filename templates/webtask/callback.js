/**
 * Greets the world.
 *
 * @param {import('webtask-kit').WebtaskCallback} callback
 */
module.exports = (callback) => {
  callback(null, { message: 'Hello, world!' });
};
