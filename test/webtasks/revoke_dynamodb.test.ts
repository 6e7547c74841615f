import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { install } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import { freezeDate, type Task, webtask } from 'webtask-kit/harness';
import { useDynamoDB } from 'webtask-kit/mocha';

const NOW = '2026-01-01T00:00:00.000Z';
const DAY = 24 * 60 * 60;

/** A JWT that nobody signed: the webtask never looks at a signature. */
const jwt = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
    .concat('.');

describe('revoke_dynamodb', () => {
  const dynamodb = useDynamoDB({ revoked: 'jti', other: 'jti' });
  let task: Task;
  before(async () => {
    task = await webtask('webtasks/revoke_dynamodb.ts', { secrets: dynamodb.secrets });
  });

  /** What the table holds of a revoked token. */
  async function stored(jti: string): Promise<Record<string, string | undefined> | undefined> {
    const client = new DynamoDBClient({ endpoint: dynamodb.endpoint ?? '' });
    const { Item } = await client.send(new GetItemCommand({ TableName: 'revoked', Key: { jti: { S: jti } } }));
    return Item && Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, value.S ?? value.N]));
  }

  it('revokes, and says so', async () => {
    const put = await task.put('/?jti=a&jwt=b');
    expect(put).to.have.status(200).and.header('Revocation-Status', 'revoked');
    expect(put.body).to.equal('');
    const get = await task.get('/?jti=a');
    expect(get).to.have.status(200).and.header('Revocation-Status', 'revoked');
    expect(get).to.have.header('Cache-Control', 'no-store');
  });

  it('answers 404 and active for a token that is not revoked, so that a stray 404 is told apart', async () => {
    const get = await task.get('/?jti=unknown');
    expect(get).to.have.status(404).and.header('Revocation-Status', 'active');
    expect(get.body).to.equal('');
  });

  it('takes PUT and GET only', async () => {
    for (const method of ['POST', 'DELETE', 'HEAD', 'PATCH']) {
      const res = await task.request({ method, url: '/?jti=a' });
      expect(res).to.have.status(405).and.header('Allow', 'GET, PUT').and.not.header('Revocation-Status');
      expect(res.body).to.equal('');
    }
  });

  for (const [what, send] of [
    ['PUT without jti', () => task.put('/?jwt=b')],
    ['GET without jti', () => task.get('/')],
    ['an empty jti', () => task.get('/?jti=')],
    ['two of them', () => task.get('/?jti=a&jti=b')],
  ] as const) {
    it(`answers 400 to ${what}`, async () => {
      const res = await send();
      expect(res).to.have.status(400).and.not.header('Revocation-Status');
      expect(res.body).to.equal('Missing jti.');
    });
  }

  it('answers 400 to PUT without jwt', async () => {
    const res = await task.put('/?jti=a');
    expect(res).to.have.status(400);
    expect(res.body).to.equal('Missing jwt.');
  });

  it('answers 400 to a jti that is longer than a key may be', async () => {
    const res = await task.put('/', { query: { jti: 'ü'.repeat(1025), jwt: 'b' } });
    expect(res).to.have.status(400);
    expect(res.body).to.equal('jti is longer than 2048 bytes.');
    expect(await task.put('/', { query: { jti: 'ü'.repeat(1024), jwt: 'b' } })).to.have.status(200);
  });

  it('names the first setting that is missing', async () => {
    for (const name of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE']) {
      const { [name]: _, ...secrets } = dynamodb.secrets;
      const res = await (await webtask('webtasks/revoke_dynamodb.ts', { secrets })).get('/?jti=a');
      expect(res).to.have.status(400);
      expect(res.body).to.equal(`Missing ${name}.`);
    }
  });

  it('takes its settings from its secrets alone, whatever the caller says', async () => {
    const { TABLE: _, ...secrets } = dynamodb.secrets;
    const res = await (await webtask('webtasks/revoke_dynamodb.ts', { secrets })).get('/?jti=a&TABLE=other');
    expect(res.body).to.equal('Missing TABLE.');
  });

  it('answers 502 when the table does not', async () => {
    const gone = await webtask('webtasks/revoke_dynamodb.ts', { secrets: { ...dynamodb.secrets, TABLE: 'gone' } });
    for (const res of [await gone.get('/?jti=a'), await gone.put('/?jti=a&jwt=b')]) {
      expect(res).to.have.status(502).and.not.header('Revocation-Status');
      expect(res.body).to.equal('');
    }
  });

  it('answers 502 when the table takes questions and answers none, within two times five seconds', async () => {
    let asked = 0;
    const silent = createServer(() => void asked++).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const ENDPOINT = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`; // it listens on TCP
    const secrets = { ...dynamodb.secrets, ENDPOINT };
    const waiting = await webtask('webtasks/revoke_dynamodb.ts', { secrets, limitMs: 30_000 });
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const answer = waiting.get('/?jti=a');
      for (const time of [1, 2]) {
        while (asked < time) await clock.tickAsync(100); // until the next try is there
        await clock.tickAsync(5_000);
      }
      expect(await answer)
        .to.have.status(502)
        .and.log(/requestTimeout/);
    } finally {
      clock.uninstall();
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('keeps a client for each configuration, so that two tables are two', async () => {
    const other = await webtask('webtasks/revoke_dynamodb.ts', { secrets: { ...dynamodb.secrets, TABLE: 'other' } });
    expect(await other.put('/?jti=only-other&jwt=b')).to.have.status(200);
    expect(await other.get('/?jti=only-other')).to.have.status(200);
    expect(await task.get('/?jti=only-other')).to.have.status(404);
  });

  it('prints no token', async () => {
    const token = jwt({ jti: 'quiet' });
    const gone = await webtask('webtasks/revoke_dynamodb.ts', { secrets: { ...dynamodb.secrets, TABLE: 'gone' } });
    const { logs } = await gone.put('/', { query: { jti: 'quiet', jwt: token } });
    expect(logs.join('\n')).to.include('"jti":"quiet"').and.not.include(token);
    expect((await task.put('/', { query: { jti: 'quiet', jwt: token } })).logs).to.deep.equal([]);
  });

  describe('keeps the JWT for audit', () => {
    beforeEach(() => freezeDate(NOW));

    it('with the time in ISO 8601, and no clean-up time where the JWT says none', async () => {
      await task.put('/?jti=audit&jwt=whatever');
      expect(await stored('audit')).to.deep.equal({ jti: 'audit', jwt: 'whatever', t: NOW });
    });

    it('for 90 days after it expires, where it names the jti', async () => {
      const exp = Date.parse(NOW) / 1000 + DAY;
      await task.put('/', { query: { jti: 'named', jwt: jwt({ jti: 'named', exp }) } });
      expect((await stored('named'))?.expires).to.equal(String(exp + 90 * DAY));
    });

    it('without a clean-up time where it names another jti, or none that can be read', async () => {
      for (const [jti, token] of [
        ['foreign', jwt({ jti: 'x', exp: 1 })],
        ['no-exp', jwt({ jti: 'no-exp' })],
        ['text-exp', jwt({ jti: 'text-exp', exp: '1' })],
        ['garbage', 'a.b.c'],
      ] as const) {
        await task.put('/', { query: { jti, jwt: token } });
        expect(await stored(jti)).not.to.have.property('expires');
      }
    });

    it('and never trusts it: one that expired in 1970 is revoked all the same, and kept', async () => {
      await task.put('/', { query: { jti: 'old', jwt: jwt({ jti: 'old', exp: 1 }) } });
      expect(await task.get('/?jti=old')).to.have.status(200);
      expect((await stored('old'))?.expires).to.equal(String(Date.parse(NOW) / 1000 + 90 * DAY));
    });
  });
});
