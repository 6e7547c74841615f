import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { type Task, webtask } from 'webtask-kit/harness';
import { createDynamoDBStore } from 'webtask-kit/identity';
import { useDynamoDB } from 'webtask-kit/mocha';
import { ISSUER, issuerKey } from '../support/access-token.ts';
import { acmeConfig, basic } from '../support/identity.ts';

const PUBLIC_URL = 'https://wt.example.com/revocation';

describe('revocation', () => {
  const dynamodb = useDynamoDB({ denylist: ['pk', 'sk'] });
  const key = issuerKey('k1');
  let task: Task;
  before(async () => {
    const TENANT = JSON.stringify(acmeConfig(key));
    task = await webtask('webtasks/revocation.ts', { secrets: { ...dynamodb.secrets, TENANT, URL: PUBLIC_URL } });
  });

  const token = (claims = {}): string => {
    const now = Math.floor(Date.now() / 1000);
    return key.sign({ iat: now - 5, exp: now + 600, ...claims });
  };
  const post = (url: string, body: string, type = 'application/x-www-form-urlencoded') =>
    task.post(url, { headers: { Authorization: basic('api'), 'Content-Type': type }, body });

  it('revokes a token by RFC 7009, which introspection by RFC 7662 then knows', async () => {
    const sent = token({ client_id: 'api' });
    expect((await post('/revocation/introspect', `token=${sent}`)).json).to.include({ active: true });
    expect(await post('/revocation/revoke', `token=${sent}`)).to.have.status(200);
    expect(await post('/revocation/introspect', `token=${sent}`))
      .to.have.status(200)
      .and.json({ active: false });
  });

  it('revokes all of a user by a subject and a time, at whichever of the URLs of a webtask', async () => {
    const subject = JSON.stringify({ sub: 'auth0|ada', reason: 'left' });
    expect(await post('/api/run/dev/revocation/subjects', subject, 'application/json')).to.have.status(204);
    expect((await post('/dev/revocation/introspect', `token=${token({ jti: 'b' })}`)).json).to.deep.equal({
      active: false,
    });
  });

  it('keeps the addresses of revoke_dynamodb: PUT and GET by jti', async () => {
    const headers = { Authorization: basic('api') };
    expect(await task.get('/revocation?jti=c', { headers }))
      .to.have.status(404)
      .and.header('Revocation-Status', 'active');
    expect(await task.put('/revocation/?jti=c&jwt=x', { headers })).to.have.status(200);
    expect(await task.get('/revocation/?jti=c', { headers })).to.have.header('Revocation-Status', 'revoked');
  });

  it('publishes status lists under its public URL, whatever a caller takes for it', async () => {
    for (const path of ['/api/run/dev/revocation/status-lists/0', '/any/other/path/status-lists/0']) {
      const { status, body } = await task.get(path, { headers: { Host: 'evil.example.com' } });
      expect(status).to.equal(200);
      const claims = JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString());
      expect(claims).to.include({ iss: ISSUER, sub: `${PUBLIC_URL}/status-lists/0` });
    }
  });

  it('is one process among those that share the table, however many addresses it is asked at', async () => {
    for (const path of ['a', 'b', 'c'])
      await task.get(`/${path}/jwks.json`, { headers: { Host: `${path}.example.com` } });
    const { ACCESS_KEY_ID = '', SECRET_ACCESS_KEY = '', REGION = '', TABLE = '', ENDPOINT = '' } = dynamodb.secrets;
    const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
    const client = new DynamoDBClient({ region: REGION, credentials, ...(ENDPOINT && { endpoint: ENDPOINT }) });
    const store = await createDynamoDBStore(client, TABLE);
    expect(await store.list('revocation/members', { limit: 10 })).to.have.length(1);
  });

  it('says who may not, and what it lacks', async () => {
    expect(await task.post('/revocation/revoke', { body: 'token=a.b.c' })).to.have.status(400);
    const nobody = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'token=a.b.c' };
    expect(await task.post('/revocation/revoke', nobody)).to.have.status(401);
    const without = await webtask('webtasks/revocation.ts', { secrets: dynamodb.secrets });
    expect(await without.get('/')).to.have.status(400);
    expect((await without.get('/')).body).to.equal('Missing TENANT.');
  });
});
