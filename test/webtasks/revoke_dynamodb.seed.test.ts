import { expect } from 'chai';
import { config } from 'dotenv';
import { compileFile, createContext, createRequest, createResponse, type RecordedResponse } from 'webtask-kit/harness';
import { useDynamoDB } from 'webtask-kit/mocha';

/** The pattern of the project that this one grew from, in its four steps. */
describe('revoke_dynamodb, tested as in the original', () => {
  // 1. The .env file is loaded; here a DynamoDB of the tests' own stands in for its table.
  config({ quiet: true });
  const dynamodb = useDynamoDB({ revoked: 'jti' });

  // 2. The code is compiled into a function, as on the platform.
  // biome-ignore lint/complexity/noBannedTypes: what a webtask exports is any function
  let revoke: Function;
  before(async () => {
    revoke = await compileFile('webtasks/revoke_dynamodb.ts');
  });

  /** 3. context, req and res stand in for the platform's. 4. When the response ends, the test goes on. */
  function call(method: string, url: string, check: (res: RecordedResponse) => void, done: Mocha.Done): void {
    const context = createContext({ url, secrets: dynamodb.secrets });
    const res = createResponse((response) => {
      try {
        check(response);
        done();
      } catch (error) {
        done(error);
      }
    });
    revoke(context, createRequest({ method, url }), res);
  }

  it('has its settings', () => {
    for (const name of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE']) {
      expect(dynamodb.secrets[name]).to.be.a('string');
    }
  });

  it('revokes a token', (done) => {
    call('PUT', '/?jti=one&jwt=abc', (res) => expect(res.status).to.equal(200), done);
  });

  it('says that a revoked token is revoked', (done) => {
    const ask = (error?: unknown) =>
      error ? done(error) : call('GET', '/?jti=two', (res) => expect(res.status).to.equal(200), done);
    call('PUT', '/?jti=two&jwt=abc', (res) => expect(res.status).to.equal(200), ask);
  });

  it('says that another is not', (done) => {
    call('GET', '/?jti=other', (res) => expect(res.status).to.equal(404), done);
  });

  it('refuses PUT without jti', (done) => {
    call('PUT', '/?jwt=abc', (res) => expect(res).to.include({ status: 400, body: 'Missing jti.' }), done);
  });

  it('refuses PUT without jwt', (done) => {
    call('PUT', '/?jti=one', (res) => expect(res).to.include({ status: 400, body: 'Missing jwt.' }), done);
  });

  it('refuses GET without jti, with the calls that the webtask made', (done) => {
    const check = (res: RecordedResponse) =>
      expect(res.calls).to.deep.equal([
        ['writeHead', 400, { 'Cache-Control': 'no-store' }],
        ['end', 'Missing jti.'],
      ]);
    call('GET', '/', check, done);
  });
});
