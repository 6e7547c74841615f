// Answers as bodies.cjs does, from a process that it is joined to by one socketpair, as a worker is: an id and a length
// before each piece, and nothing else. What is slower than this is so for another reason than the second process.
const { spawn } = require('node:child_process');
const { createServer } = require('node:http');
const { Socket } = require('node:net');

const HEADER_BYTES = 8;
const PIECE_BYTES = 256 << 10;
const ECHO = 'echo';
const NO_BYTES = Buffer.alloc(0);

if (process.argv[2] === 'answer') answer(new Socket({ fd: 3, readable: true, writable: true }));
else serve();

function serve() {
  const child = spawn(process.execPath, [__filename, 'answer'], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const pipe = child.stdio[3];
  const waiting = new Map();
  let count = 0;
  const corked = new Set();
  const uncork = () => {
    for (const res of corked) res.uncork();
    corked.clear();
  };
  read(pipe, (id, piece) => {
    const res = waiting.get(id);
    if (!res) return; // its caller has left
    if (corked.size === 0) setImmediate(uncork);
    if (!corked.has(res)) res.cork();
    corked.add(res);
    if (piece) res.write(piece);
    else res.end();
  });
  createServer((req, res) => {
    count += 1;
    const id = count;
    waiting.set(id, res);
    res.once('close', () => waiting.delete(id));
    if (req.method === 'POST') {
      send(pipe, id, Buffer.from(ECHO));
      req.on('data', (piece) => send(pipe, id, piece)).on('end', () => send(pipe, id, NO_BYTES));
      return;
    }
    const size = new URLSearchParams(req.url.slice(req.url.indexOf('?'))).get('size') ?? '1';
    res.setHeader('Content-Length', size);
    send(pipe, id, Buffer.from(size));
  }).listen(Number(process.env.PORT), '127.0.0.1');
}

function answer(pipe) {
  const bodies = new Map();
  const echoed = new Set();
  pipe.on('close', () => process.exit());
  read(pipe, (id, piece) => {
    if (echoed.has(id)) {
      send(pipe, id, piece ?? NO_BYTES);
      if (!piece) echoed.delete(id);
      return;
    }
    if (String(piece) === ECHO) {
      echoed.add(id);
      return;
    }
    const size = Number(piece);
    if (!bodies.has(size)) bodies.set(size, Buffer.alloc(size, 'x'));
    pipe.cork();
    for (let at = 0; at < size; at += PIECE_BYTES) send(pipe, id, bodies.get(size).subarray(at, at + PIECE_BYTES));
    send(pipe, id, NO_BYTES);
    pipe.uncork();
  });
}

function send(pipe, id, piece) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(id, 0);
  header.writeUInt32BE(piece.length, 4);
  pipe.write(header);
  if (piece.length > 0) pipe.write(piece);
}

/** Gives pieces as they come; an end is one of no bytes. */
function read(pipe, onPiece) {
  let rest = NO_BYTES;
  let id = 0;
  let left = 0;
  pipe.on('data', (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (at < bytes.length) {
      if (left === 0) {
        if (bytes.length - at < HEADER_BYTES) break;
        id = bytes.readUInt32BE(at);
        left = bytes.readUInt32BE(at + 4);
        at += HEADER_BYTES;
        if (left === 0) onPiece(id);
        continue;
      }
      const piece = bytes.subarray(at, at + left);
      at += piece.length;
      left -= piece.length;
      onPiece(id, piece);
    }
    rest = bytes.subarray(at);
  });
}
