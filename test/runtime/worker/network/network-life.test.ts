import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type IsolatedMachine, skipWithoutIsolation, startIsolatedMachine } from '../../../support/network/isolated.ts';
import { descendantsOf, leftOf, networkOf } from '../../../support/network/processes.ts';

for (const [who, uid] of [
  ['root', undefined],
  ['a server that is not root', 65_533],
] as const) {
  describe(`the life of the network of a worker, started by ${who}`, function () {
    this.timeout(30_000); // for starts on a busy machine
    let machine: IsolatedMachine;
    let worker = 0;

    before(function () {
      skipWithoutIsolation(this);
    });
    beforeEach(async () => {
      machine = await startIsolatedMachine({ uid });
      worker = await machine.start('public');
    });
    afterEach(() => machine.close());

    const pidsOf = (name: string): number[] =>
      descendantsOf(machine.pid)
        .filter((it) => it.name === name)
        .map(({ pid }) => pid);

    it('ends with the worker, and so does who answers for names', async () => {
      const ports = machine.listeningPorts();
      const [slirp = 0] = pidsOf('slirp4netns');
      const network = networkOf(worker);
      expect(slirp).to.be.greaterThan(0);
      await machine.endWorker();
      expect(await leftOf([worker, slirp], [network])).to.deep.equal([]);
      expect(ports.filter((port) => !machine.listeningPorts().includes(port))).to.have.length(1);
    });

    it('is passed on by a program that is shut in itself: a packet that takes it over finds no files and few calls', () => {
      const [slirp = 0] = pidsOf('slirp4netns');
      const status = readFileSync(`/proc/${slirp}/status`, 'utf8');
      expect(/^Seccomp:\t(\d)$/m.exec(status)?.[1]).to.equal('2');
      expect(/^NoNewPrivs:\t(\d)$/m.exec(status)?.[1]).to.equal('1');
      expect(readdirSync(`/proc/${slirp}/root`)).not.to.include.members(['home', 'usr', 'root']);
    });

    it('ends with the server, even one that is killed', async () => {
      const all = descendantsOf(machine.pid).filter(({ name }) => name !== 'esbuild');
      expect(all.map(({ name }) => name)).to.have.members(['bwrap', 'bwrap', 'node', 'slirp4netns']);
      const network = networkOf(worker);
      process.kill(machine.pid, 'SIGKILL');
      expect(
        await leftOf(
          all.map(({ pid }) => pid),
          [network],
        ),
      ).to.deep.equal([]);
    });

    it('is not survived by the worker, which would wait for answers that do not come', async () => {
      const [slirp = 0] = pidsOf('slirp4netns');
      process.kill(slirp, 'SIGKILL');
      expect(await leftOf([worker], [])).to.deep.equal([]);
      expect(await machine.endWorker()).to.equal('its network ended');
    });

    it('cannot be changed by the worker, whatever capabilities it were to get in its own namespaces', async () => {
      expect(
        await machine.run("fs.readFileSync('/proc/self/status', 'utf8').match(/^Cap(Prm|Eff|Bnd|Amb):.*/gm)"),
      ).to.deep.equal(['Prm', 'Eff', 'Bnd', 'Amb'].map((it) => `Cap${it}:\t0000000000000000`));
      const write = "try { fs.writeFileSync('/proc/sys/net/ipv4/ip_forward', '1') } catch (error) { done(error.code) }";
      expect(await machine.run(`new Promise((done) => { ${write} })`)).to.equal('EACCES');
      const [node = 0] = pidsOf('node');
      // Who enters its user namespace has all capabilities there, and none over its network.
      const user = uid ?? 200_077;
      const inside = ['-t', String(node)];
      const attempt = spawnSync('nsenter', [
        ...[...inside, '--net', 'setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'],
        ...['nsenter', ...inside, '--user', '--preserve-credentials', 'nft', 'flush', 'ruleset'],
      ]);
      expect(attempt.status).to.equal(1);
      expect(`${attempt.stderr}`).to.match(/Operation not permitted/);
      const rules = execFileSync('nsenter', ['-t', String(worker), '--net', 'nft', 'list', 'ruleset'], {
        encoding: 'utf8',
      });
      expect(rules).to.contain('10.0.0.0/8');
    });
  });
}

describe('a network that cannot be had', function () {
  this.timeout(30_000); // for starts on a busy machine
  let machine: IsolatedMachine | undefined;

  before(function () {
    skipWithoutIsolation(this);
  });
  afterEach(() => machine?.close());

  for (const program of ['/usr/bin/slirp4netns', '/usr/sbin/nft']) {
    const name = program.split('/').at(-1);
    it(`is not replaced by less: without ${name} no worker starts but one with the policy none`, async () => {
      machine = await startIsolatedMachine({ without: program });
      const error = await machine.start('public').catch((it: unknown) => it);
      expect(error).to.include({ code: 'NETWORK_UNAVAILABLE' });
      expect(error)
        .to.have.property('message')
        .that.matches(
          new RegExp(`^Workers cannot have the network policy public here: .*\\b${name}: Permission denied\\.$`),
        );
      await machine.endWorker();
      await machine.start('none');
      expect(await machine.run('1 + 1')).to.equal(2);
    });
  }
});
