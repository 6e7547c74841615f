/**
 * Greets whoever the query names: `?name=Ada`.
 *
 * @param {import('webtask-kit').WebtaskContext} context
 * @param {import('webtask-kit').WebtaskRequest} req
 * @param {import('webtask-kit').WebtaskResponse} res
 */
module.exports = (context, req, res) => {
  if (req.method !== 'GET') {
    res.writeHead(405, { Allow: 'GET' });
    res.end();
    return;
  }
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ message: `Hello, ${context.query.name}!` }));
};
