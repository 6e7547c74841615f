/**
 * `(context, req, res)`: Node's own request and response, with the body as a stream. Answers with its SHA-256.
 */
const { createHash } = require('node:crypto');

/**
 * @param {import('webtask-kit').WebtaskContext} _context
 * @param {import('webtask-kit').WebtaskRequest} req
 * @param {import('webtask-kit').WebtaskResponse} res
 */
module.exports = async (_context, req, res) => {
  const hash = createHash('sha256');
  for await (const chunk of req) hash.update(chunk);
  res.writeHead(200, { 'Content-Type': 'text/plain' });
  res.end(hash.digest('hex'));
};
