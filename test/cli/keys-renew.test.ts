import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type KeyReport, parseToken } from '../../runtime/token/index.ts';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { runProgram } from '../support/program.ts';
import { createRepository, type TestRepository } from '../support/repository.ts';

const CODE = 'module.exports = (context, cb) => cb(null, context.secrets.KEY || "none");';

/** The walk of docs/tokens.md, with a server and its store. */
describe('changing the keys of a server that keeps webtasks', function () {
  this.timeout(60_000);
  let repository: TestRepository;
  let cluster: TestCluster;
  before(async () => {
    repository = createRepository({ 'a.js': '' });
    cluster = await startCluster(repository);
  });
  after(async () => {
    await cluster.close();
    repository.remove();
  });

  async function keys(...args: string[]) {
    return runProgram('webtask', ['keys', ...args, '--data', cluster.dataFolder], { cwd: repository.folder });
  }
  const listed = async () => JSON.parse((await keys('list', '--json')).stdout) as KeyReport[];
  const masterKey = () =>
    (JSON.parse(readFileSync(`${cluster.dataFolder}/keys`, 'utf8')) as { keys: [{ k: string }] }).keys[0].k;
  async function issue(claims: object, credential = masterKey()): Promise<string> {
    const answer = await fetch(`${cluster.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(claims),
    });
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return text;
  }
  const run = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${cluster.url}/api/run/shop${path}`, { headers });
    return [answer.status, await answer.text()];
  };
  const stored = async (name: string) => {
    const headers = { Authorization: `Bearer ${masterKey()}` };
    return ((await (await fetch(`${cluster.url}/api/webtask/shop/${name}`, { headers })).json()) as { token: string })
      .token;
  };
  const signer = (token: string) => parseToken(token).kid;

  it('goes step by step, and no webtask that is stored is refused at any of them', async () => {
    const parent = await issue({ ten: 'shop', dd: 5 });
    await issue({ ten: 'shop', jtn: 'sealed', code: CODE, ectx: { KEY: 'v' }, meta: { color: 'red' } }, parent);
    await issue({ ten: 'shop', jtn: 'plain', code: CODE }, parent);
    const handedOut = await issue({ ten: 'shop', code: CODE, ectx: { KEY: 'v' } }, parent);
    const before = parseToken(await stored('sealed')).claims;
    const old = await listed();
    const allRun = async (step: string): Promise<void> => {
      expect(await run('/sealed'), step).to.deep.equal([200, '"v"']);
      expect(await run('/plain'), step).to.deep.equal([200, '"none"']);
    };
    await allRun('before');

    expect((await keys('rotate')).stdout).to.match(/\nnext: start the server again, then: webtask keys renew\n$/);
    const early = await keys('renew');
    expect([early.status, early.stdout, early.stderr.replace(/^.*, process \d+,/, 'P')]).to.deep.equal([
      2,
      '',
      'P has been running since before the keys were changed, and would refuse the renewed tokens. Start it again, and then renew them. [RENEWAL_TOO_EARLY]\n',
    ]);
    await allRun('rotated, and not started again');
    await cluster.restart();
    await allRun('started again');
    expect(await run('', handedOut)).to.deep.equal([200, '"v"']);

    const [{ kid: current } = { kid: '' }] = await listed();
    expect(signer(await stored('sealed'))).to.equal(old[0]?.kid);
    const renewed = await keys('renew');
    expect([renewed.status, renewed.stderr, renewed.stdout]).to.deep.equal([
      0,
      '',
      '2 webtasks have new tokens, 0 had them already\nnext: when the tokens that were handed out are gone too, webtask keys remove KID\n',
    ]);
    for (const name of ['sealed', 'plain']) expect(signer(await stored(name))).to.equal(current);
    const { ectx: oldSeal, ...claims } = before;
    const { ectx: newSeal, ...after } = parseToken(await stored('sealed')).claims;
    expect(after, 'nothing else has changed').to.deep.equal(claims);
    expect(newSeal).to.be.a('string').and.to.not.equal(oldSeal);
    await allRun('renewed');
    expect(JSON.parse((await keys('renew', '--json')).stdout)).to.deep.equal({ renewed: 0, current: 2, failed: [] });

    for (const { kid } of old) expect((await keys('remove', kid)).status).to.equal(0);
    await cluster.restart();
    await allRun('without the old keys');
    const refused = await run('', handedOut);
    expect(refused[0]).to.equal(403);
    expect(refused[1]).to.include('rejecting request with JWT token signed with untrusted key');
  });

  it('says which webtasks still need a key that is gone', async () => {
    await issue({ ten: 'shop', jtn: 'late', code: CODE });
    const old = await listed();
    await keys('rotate');
    for (const { kid } of old) await keys('remove', kid);
    const { status, stdout } = await keys('renew');
    expect(status).to.equal(1);
    expect(stdout.split('\n')).to.include(
      'not renewed: shop/late: rejecting request with JWT token signed with untrusted key',
    );
  });
});
