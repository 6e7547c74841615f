// What every server on Node is at best as fast as.
const { createServer } = require('node:http');

createServer((_req, res) => {
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ hello: 'world' }));
}).listen(Number(process.env.PORT), '127.0.0.1');
