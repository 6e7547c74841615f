// Answers a GET with as many bytes as `size` says, and a POST with what it sends.
const { createServer } = require('node:http');

const bodies = new Map();

createServer((req, res) => {
  if (req.method === 'POST') return req.pipe(res);
  const size = Number(new URLSearchParams(req.url.slice(req.url.indexOf('?'))).get('size'));
  if (!bodies.has(size)) bodies.set(size, Buffer.alloc(size, 'x'));
  res.end(bodies.get(size));
}).listen(Number(process.env.PORT), '127.0.0.1');
