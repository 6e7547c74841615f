import { expect } from 'chai';
import { type IsolatedMachine, skipWithoutIsolation, startIsolatedMachine } from '../../../support/network/isolated.ts';

describe('the seat belt of a worker that is not shut in', function () {
  this.timeout(30_000); // for starts on a busy machine
  let machine: IsolatedMachine;

  before(async function () {
    skipWithoutIsolation(this);
    machine = await startIsolatedMachine();
  });
  after(() => machine?.close());

  const reasonOf = (call: string): Promise<unknown> =>
    machine.run(`new Promise((resolve) => {
      const end = (error) => resolve(error ? [error.code, error.message] : 'connected');
      const at = (address) => ({ lookup: (name, options, done) => options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4) });
      ${call};
    })`);
  const refusal = (policy: string, to: string, syscall = 'connect'): [string, string] => [
    'EACCES',
    `${syscall} EACCES ${to}: the network policy of this server is ${policy}`,
  ];

  describe('with the policy public', () => {
    before(() => machine.start('public', false));
    after(() => machine.endWorker());

    it('lets connections to the internet be', async () => {
      expect(await machine.run("get('http://93.184.216.34/')")).to.equal('reached at 93.184.216.34');
      expect(await machine.run("get('http://[2606:4700::1]/')")).to.equal('reached at 2606:4700::1');
      expect(await machine.run("udp('93.184.216.34', 7)")).to.equal('echo x');
      expect(await reasonOf("net.connect({ port: 80, host: 'x.test', ...at('93.184.216.34') }, end)")).to.equal(
        'connected',
      );
    });

    it('says of each other address that the policy is what it is, in whatever form it is given', async () => {
      const calls: Record<string, [string, string]> = {
        "net.connect(8000, '127.0.0.1').on('error', end)": refusal('public', '127.0.0.1:8000'),
        "net.connect('8000', '::1').on('error', end)": refusal('public', '::1:8000'),
        "net.connect(8000).on('error', end)": refusal('public', 'localhost (127.0.0.1):8000'),
        "net.connect({ port: 8000, host: '::ffff:127.0.0.1' }).on('error', end)": refusal(
          'public',
          '::ffff:127.0.0.1:8000',
        ),
        "new net.Socket().connect(80, '169.254.169.254').on('error', end)": refusal('public', '169.254.169.254:80'),
        "net.connect('/run/docker.sock').on('error', end)": refusal('public', '/run/docker.sock'),
        "http.get('http://10.1.2.3/').on('error', end)": refusal('public', '10.1.2.3:80'),
        "require('https').get('https://10.1.2.3/').on('error', end)": refusal('public', '10.1.2.3:443'),
        "require('http2').connect('http://10.1.2.3/').on('error', end)": refusal('public', '10.1.2.3:80'),
        "fetch('http://93.184.216.34/?to=http://10.1.2.3/').catch(({ cause }) => end(cause))": refusal(
          'public',
          '10.1.2.3:80',
        ),
      };
      for (const [call, expected] of Object.entries(calls)) expect(await reasonOf(call), call).to.deep.equal(expected);
    });

    it('looks at what a name leads to, whoever looked it up', async () => {
      const call = "http.get('http://x.test/', at('10.1.2.3')).on('error', end)";
      expect(await reasonOf(call)).to.deep.equal(refusal('public', 'x.test (10.1.2.3):80'));
      const both = `http.get('http://x.test/', { autoSelectFamily: true, lookup: (name, options, done) =>
        done(null, [{ address: '10.1.2.3', family: 4 }, { address: '93.184.216.34', family: 4 }]) }, (it) => it.resume().on('end', end))`;
      expect(await reasonOf(both)).to.equal('connected');
    });

    it('holds UDP, too: what is sent, and what is connected', async () => {
      const socket = "const socket = dgram.createSocket('udp4')";
      const calls: Record<string, [string, string]> = {
        [`${socket}; socket.send('x', 7, '10.1.2.3', end)`]: refusal('public', '10.1.2.3', 'send'),
        [`${socket}; socket.on('error', end).send('x', 7, '10.1.2.3')`]: refusal('public', '10.1.2.3', 'send'),
        [`${socket}; socket.send(Buffer.from('xy'), 0, 1, 8000, end)`]: refusal(
          'public',
          'localhost (127.0.0.1)',
          'send',
        ),
        [`${socket}; socket.connect(7, '10.1.2.3', end)`]: refusal('public', '10.1.2.3', 'connect'),
      };
      for (const [call, expected] of Object.entries(calls)) expect(await reasonOf(call), call).to.deep.equal(expected);
      const connected = `${socket}; socket.on('message', () => end()).connect(7, '93.184.216.34', () => socket.send('x'))`;
      expect(await reasonOf(connected)).to.equal('connected');
    });
  });

  it('refuses everything with the policy none', async () => {
    await machine.start('none', false);
    const call = "net.connect(80, '93.184.216.34').on('error', end)";
    expect(await reasonOf(call)).to.deep.equal(refusal('none', '93.184.216.34:80'));
    await machine.endWorker();
  });

  it('is not worn with the policy all', async () => {
    await machine.start('all', false);
    expect(await machine.run("get('http://127.0.0.1:8000/')")).to.equal('a secret');
    await machine.endWorker();
  });
});
