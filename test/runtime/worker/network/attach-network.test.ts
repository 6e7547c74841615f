import { expect } from 'chai';
import {
  type IsolatedMachine,
  rememberedIn,
  skipWithoutIsolation,
  startIsolatedMachine,
} from '../../../support/network/isolated.ts';

const NOT_PUBLIC = [
  '10.1.2.3',
  '172.16.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '168.63.129.16',
  '192.0.2.1',
  'fd12:3456::1',
  '64:ff9b::a01:203',
  '2002:a01:203::1',
  '2001:db8::1',
];
const MULTICAST = ['224.0.0.1', '239.255.255.250', '255.255.255.255'];

const all = (addresses: readonly string[], what: string): Record<string, string> =>
  Object.fromEntries(addresses.map((it) => [it, what]));

for (const [who, uid] of [
  ['root', undefined],
  ['a server that is not root', 65_533],
] as const) {
  describe(`the network of a worker, started by ${who}`, function () {
    this.timeout(30_000); // for starts on a busy machine
    let machine: IsolatedMachine;
    const tried = (call: string, addresses: readonly string[], port = ''): Promise<unknown> =>
      machine.run(`each(${call}, ${JSON.stringify(addresses)}${port && `, ${port}`})`);

    before(async function () {
      skipWithoutIsolation(this);
      machine = await startIsolatedMachine({ uid });
    });
    after(() => machine?.close());

    describe('with the policy public', () => {
      let worker = 0;
      before(async () => {
        worker = await machine.start('public');
      });
      after(() => machine.endWorker());

      it('leads to the internet, by address and by name, over IPv4, IPv6 and UDP', async () => {
        const pages = ['http://93.184.216.34/', 'http://public.test/', 'http://six.test/'];
        expect(await tried('get', pages)).to.deep.equal({
          'http://93.184.216.34/': 'reached at 93.184.216.34',
          'http://public.test/': 'reached at 93.184.216.34',
          'http://six.test/': 'reached at 2606:4700::1',
        });
        expect(await tried('udp', ['93.184.216.34'], '7')).to.deep.equal({ '93.184.216.34': 'echo x' });
      });

      it('refuses addresses that are not public, at once', async () => {
        expect(await tried('connect', NOT_PUBLIC, '80')).to.deep.equal(all(NOT_PUBLIC, 'ECONNREFUSED'));
      });

      it('refuses them to UDP, on whatever port, and what goes to many', async () => {
        const ipv4 = [...NOT_PUBLIC.filter((it) => !it.includes(':')), ...MULTICAST];
        const expected = { ...all(ipv4, 'EPERM'), '255.255.255.255': 'EACCES' };
        expect(await tried('udp', ipv4, '7')).to.deep.equal(expected);
        expect(await tried('udp', ipv4, '50000')).to.deep.equal(expected);
        const ipv6 = NOT_PUBLIC.filter((it) => it.includes(':'));
        expect(await tried('udp', ipv6, '7')).to.deep.equal(all(ipv6, 'EPERM'));
      });

      it('has a loopback address of its own, and no way to that of the machine', async () => {
        const forms = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '::ffff:10.1.2.3', '198.18.0.2', 'fd00::2', '0.0.0.0'];
        expect(await tried('connect', forms, '8000')).to.deep.equal(all(forms, 'ECONNREFUSED'));
        expect(await tried('udp', ['198.18.0.2'], '8000')).to.deep.equal({ '198.18.0.2': 'EPERM' });
      });

      it('refuses the services of the machine at its other addresses, but not its web', async () => {
        const own = ['10.77.0.2', '2606:4700:77::2'];
        expect(await tried('connect', own, '6379')).to.deep.equal(all(own, 'ECONNREFUSED'));
        expect(await tried('connect', own, '443')).to.deep.equal({
          '10.77.0.2': 'ECONNREFUSED',
          '2606:4700:77::2': 'connected',
        });
      });

      it('reaches of all ports that the machine listens on the one that answers for names', async () => {
        const ports = machine.listeningPorts();
        const open = (await machine.run(
          `Promise.all(${JSON.stringify(ports)}.map(async (port) => [port, await connect('198.18.0.2', port)]))`,
        )) as [number, string][];
        expect(ports).to.include.members([443, 6379, 8000]);
        expect(open.filter(([, how]) => how === 'connected')).to.have.length(1);
        expect(open.filter(([, how]) => how !== 'connected' && how !== 'ECONNREFUSED')).to.deep.equal([]);
      });

      it('refuses a redirect from a public address to one that is not', async () => {
        const pages = ['10.1.2.3', '127.0.0.1:8000', '169.254.169.254', '[fd12:3456::1]', '[::ffff:10.1.2.3]'].flatMap(
          (to) => ['public.test', 'six.test'].map((from) => `http://${from}/?to=http://${to}/`),
        );
        expect(await tried('get', pages)).to.deep.equal(all(pages, 'ECONNREFUSED'));
        const ours = 'http://public.test/?to=http://93.184.216.34/';
        expect(await tried('get', [ours])).to.deep.equal({ [ours]: 'reached at 93.184.216.34' });
      });

      it('knows no name that leads to what is not public', async () => {
        const names = ['private.test', 'loopback.test', 'metadata.test', 'ula.test', 'alias.test', 'localhost'];
        expect(await tried('lookup', names)).to.deep.equal(all(names, 'ENOTFOUND'));
        expect(await tried('lookup', ['mixed.test'])).to.deep.equal({ 'mixed.test': ['93.184.216.34'] });
      });

      it('is not led astray by a name that changes its address after it was looked at', async () => {
        const page = 'http://rebinding.test/';
        expect(await tried('get', [page])).to.deep.equal({ [page]: 'reached at 93.184.216.34' });
        expect(await tried('get', [page])).to.deep.equal({ [page]: 'ENOTFOUND' });
        const six = 'http://rebinding-six.test/';
        expect(await tried('get', [six])).to.deep.equal({ [six]: 'reached at 2606:4700::1' });
        expect(await tried('get', [six])).to.deep.equal({ [six]: 'ENOTFOUND' });
        // The kernel looks at every packet, whatever the name was.
        const pinned = `new Promise((resolve) => http.get('http://public.test/', {
          lookup: (name, options, done) => done(null, options.all ? [{ address: '10.1.2.3', family: 4 }] : '10.1.2.3', 4),
        }).on('error', ({ code }) => resolve(code)))`;
        expect(await machine.run(pinned)).to.equal('ECONNREFUSED');
      });

      it('is told long answers over TCP', async () => {
        expect(await machine.run("lookup('long.test').then((them) => them.length)")).to.equal(200);
      });

      it('has the kernel remember some of its connections, not as many as it opens', async () => {
        const flood = (host: string): Promise<unknown> =>
          machine.run(`new Promise(async (resolve) => {
            const socket = dgram.createSocket('udp4');
            let left = 5000;
            for (let port = 10000; port < 15000; port++) {
              socket.send('x', port, '${host}', () => --left > 0 || socket.close(() => resolve(true)));
              if (port % 500 === 0) await new Promise(setImmediate);
            }
          })`);
        await flood('127.0.0.1');
        await flood('93.184.216.34');
        expect(rememberedIn(worker)).to.be.within(100, 2000);
      });

      it('is told by a file of ours whom to ask for names, and cannot change that', async () => {
        expect(await machine.run("fs.readFileSync('/etc/resolv.conf', 'utf8')")).to.equal(
          'nameserver 198.18.0.3\noptions edns0\n',
        );
        const write = "try { fs.writeFileSync('/etc/resolv.conf', '') } catch (error) { done(error.code) }";
        expect(await machine.run(`new Promise((done) => { ${write} })`)).to.equal('EROFS');
      });

      it('asks nobody else for names', async () => {
        const ask = (server: string): Promise<unknown> => machine.run(`resolveAt('${server}', 'private.test')`);
        expect(await ask('10.77.0.1')).to.equal('ECONNREFUSED');
        expect(await ask('93.184.216.34')).to.equal('ECONNREFUSED');
        expect(await ask('198.18.0.3')).to.equal('ENOTFOUND');
        expect(await tried('connect', ['93.184.216.34'], '853')).to.deep.equal({ '93.184.216.34': 'ECONNREFUSED' });
      });
    });

    describe('with the policy all', () => {
      before(() => machine.start('all'));
      after(() => machine.endWorker());

      it('leads to whatever the machine reaches', async () => {
        expect(await tried('connect', NOT_PUBLIC, '80')).to.deep.equal(all(NOT_PUBLIC, 'connected'));
        expect(await tried('udp', ['10.1.2.3', '93.184.216.34'], '7')).to.deep.equal({
          '10.1.2.3': 'echo x',
          '93.184.216.34': 'echo x',
        });
        expect(await tried('lookup', ['private.test'])).to.deep.equal({ 'private.test': ['10.1.2.3'] });
      });

      it('has the loopback address of the machine at the name localhost', async () => {
        const pages = ['http://localhost:8000/', 'http://127.0.0.1:8000/'];
        expect(await tried('get', pages)).to.deep.equal({
          'http://localhost:8000/': 'a secret',
          'http://127.0.0.1:8000/': 'ECONNREFUSED',
        });
      });
    });

    describe('with the policy none', () => {
      before(() => machine.start('none'));
      after(() => machine.endWorker());

      it('leads nowhere, and knows no names', async () => {
        const addresses = ['93.184.216.34', '10.1.2.3', '198.18.0.2', '2606:4700::1'];
        expect(await tried('connect', addresses, '80')).to.deep.equal(all(addresses, 'ENETUNREACH'));
        expect(await tried('lookup', ['public.test'])).to.deep.equal({ 'public.test': 'EAI_AGAIN' });
        expect(await machine.run("Object.keys(require('os').networkInterfaces())")).to.deep.equal(['lo']);
      });
    });
  });
}
