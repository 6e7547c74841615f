import { expect } from 'chai';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { runProgram } from '../support/program.ts';
import { createRepository, type TestRepository } from '../support/repository.ts';

const OLD = { signing: '11'.repeat(32), encryption: '33'.repeat(32) };
const NEW = { signing: '22'.repeat(32), encryption: '44'.repeat(32) };

/** The steps of the table in docs/tokens.md, with its settings. */
const own = ({ signing, encryption }: typeof OLD) => ({
  WEBTASK_SIGNING_KEY: signing,
  WEBTASK_ENCRYPTION_KEY: encryption,
});
const other = ({ signing, encryption }: typeof OLD) => ({
  WEBTASK_OTHER_SIGNING_KEYS: signing,
  WEBTASK_OTHER_ENCRYPTION_KEYS: encryption,
});

describe('changing the HS256 keys of the environment of a server that keeps webtasks', function () {
  this.timeout(60_000);
  let repository: TestRepository;
  let cluster: TestCluster;
  before(async () => {
    repository = createRepository({ 'a.js': '' });
    cluster = await startCluster(repository, own(OLD));
  });
  after(async () => {
    await cluster.close();
    repository.remove();
  });

  it('goes by the table of docs/tokens.md, and no webtask that is stored is refused at any step', async () => {
    const issue = async (masterKey: string, claims: object): Promise<string> => {
      const answer = await fetch(`${cluster.url}/api/tokens/issue`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${masterKey}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ ten: 'shop', code: 'return (ctx, cb) => cb(null, ctx.secrets.KEY)', ...claims }),
      });
      expect(answer.status).to.equal(200);
      return answer.text();
    };
    const run = async (path: string, token = '') => {
      const headers = token === '' ? {} : { Authorization: `Bearer ${token}` };
      const answer = await fetch(`${cluster.url}/api/run/shop${path}`, { headers });
      return [answer.status, await answer.text()];
    };
    await issue(OLD.signing, { jtn: 'pay', ectx: { KEY: 'v' } });
    const handedOut = await issue(OLD.signing, { ectx: { KEY: 'v' } });

    await cluster.restart({ ...own(OLD), ...other(NEW) });
    expect(await run('/pay'), '1.').to.deep.equal([200, '"v"']);
    const ofNext = await issue(NEW.signing, { ectx: { KEY: 'w' } });

    const second = { ...own(NEW), ...other(OLD) };
    await cluster.restart(second);
    expect(await run('/pay'), '2.').to.deep.equal([200, '"v"']);
    for (const [token, secret] of [
      [handedOut, 'v'],
      [ofNext, 'w'],
    ] as const) {
      expect(await run('', token)).to.deep.equal([200, `"${secret}"`]);
    }
    const renew = ['keys', 'renew', '--data', cluster.dataFolder];
    const { status, stdout } = await runProgram('webtask', renew, { cwd: repository.folder, env: second });
    expect([status, stdout.split('\n')[0]]).to.deep.equal([0, '1 webtasks have new tokens, 0 had them already']);
    const afresh = await issue(NEW.signing, { ectx: { KEY: 'x' } });

    await cluster.restart(own(NEW));
    expect(await run('/pay'), '3.').to.deep.equal([200, '"v"']);
    expect(await run('', afresh)).to.deep.equal([200, '"x"']);
    expect((await run('', handedOut))[0]).to.equal(403);
    const gone = await fetch(`${cluster.url}/api/webtask/shop`, {
      headers: { Authorization: `Bearer ${OLD.signing}` },
    });
    expect(gone.status, 'the old key is no master key').to.equal(403);
  });
});
