/**
 * A program: the internet of a test, in a network namespace where every address is its own. It answers HTTP on port 80
 * with where it was reached, UDP on port 7 with what it got, and DNS for names under `test`.
 */
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';
import { UDP_ADDRESSES } from './addresses.ts';

createHttpServer((request, response) => {
  response.setHeader('connection', 'close'); // each request finds its way anew
  const to = new URL(request.url ?? '', 'http://internet').searchParams.get('to');
  if (to) response.writeHead(302, { location: to }).end();
  else response.end(`reached at ${request.socket.localAddress?.replace('::ffff:', '')}`);
}).listen(80, '::');

/** Names and their addresses, in the order in which they are told; the last one stays. */
const NAMES: Record<string, readonly (readonly string[])[]> = {
  'public.test': [['93.184.216.34']],
  'private.test': [['10.1.2.3']],
  'loopback.test': [['127.0.0.1']],
  'metadata.test': [['169.254.169.254']],
  'mixed.test': [['10.1.2.3', '93.184.216.34']],
  'rebinding.test': [['93.184.216.34'], ['10.1.2.3']],
  'rebinding-six.test': [['2606:4700::1'], ['fd12:3456::1']],
  'six.test': [['2606:4700::1']],
  'ula.test': [['fd12:3456::1']],
  'long.test': [Array.from({ length: 200 }, (_, index) => `93.184.217.${index}`)],
};
const asked: Record<string, number> = {};

function answersTo(name: string, type: string): Answer[] {
  if (name === 'alias.test') return [{ type: 'CNAME', name, data: 'private.test' }, ...answersTo('private.test', type)];
  const times = asked[`${name} ${type}`] ?? 0;
  asked[`${name} ${type}`] = times + 1;
  const all = NAMES[name] ?? [];
  const now = all[Math.min(times, all.length - 1)] ?? [];
  return now
    .filter((address) => (type === 'AAAA') === address.includes(':'))
    .map((data) => ({ type: type === 'AAAA' ? 'AAAA' : 'A', name, ttl: 0, data }));
}

function answer(query: Buffer, isCut: boolean): Buffer {
  const { id = 0, questions = [] } = decode(query);
  const answers = questions.flatMap(({ name, type }) => answersTo(name, type));
  const whole = encode({ id, type: 'response', questions, answers });
  return isCut && whole.length > 512 ? encode({ id, type: 'response', flags: 0x0200, questions }) : whole;
}

const dns = createSocket('udp6');
dns.on('message', (query, { address, port }) => dns.send(answer(query, true), port, address)).bind(53, '::');
const overTcp = (socket: Socket): void => {
  socket
    .on('error', () => undefined)
    .once('data', (bytes) => {
      const message = answer(bytes.subarray(2), false);
      const head = Buffer.alloc(2);
      head.writeUInt16BE(message.length, 0);
      socket.end(Buffer.concat([head, message]));
    });
};
for (const port of [53, 853]) createServer(overTcp).listen(port, '::');

process.once('message', () => {
  for (const address of UDP_ADDRESSES) {
    const echo = createSocket('udp4');
    echo.on('message', (bytes, from) => echo.send(bytes, from.port, from.address)).bind(7, address);
  }
  process.send?.('up');
});
process.on('disconnect', () => process.exit());
process.send?.('started');
