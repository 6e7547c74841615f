import type { WebtaskContext, WebtaskRequest, WebtaskResponse } from 'webtask-kit';

/** Greets whoever the query names: `?name=Ada`. */
export default (context: WebtaskContext, req: WebtaskRequest, res: WebtaskResponse) => {
  if (req.method !== 'GET') {
    res.writeHead(405, { Allow: 'GET' });
    res.end();
    return;
  }
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ message: `Hello, ${context.query.name}!` }));
};
