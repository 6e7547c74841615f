import { expect } from 'chai';
import { runProgram } from '../support/program.ts';

const STORY = `
A key set is made: one key signs tokens, one certificate seals secrets.
  signing key KID (HS256), certificate CERT…

The code is where a token can point to. Here this checkout stands in for GitHub, at a pinned commit.
  ORIGIN/acme/tasks/4f1c2d9000000000000000000000000000000000/webtasks/revoke_dynamodb.ts

A DynamoDB is started for the revocations, and its settings become the secrets of the webtask.
  ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, TABLE, ENDPOINT

A token is minted: it names the code and its hash, and carries the secrets sealed for that code alone.
  TOKEN… (N characters)

A server is started on a free port. It knows nothing of the webtask but its keys.
  SERVER

The JWT 7f3a is revoked.
  PUT /api/run/demo?jti=7f3a&jwt=eyJhbGciOiJub25lIn0.eyJqdGkiOiI3ZjNhIn0.
    200 revoked  as it should be

Is it revoked? And another one?
  GET /api/run/demo?jti=7f3a
    200 revoked  as it should be
  GET /api/run/demo?jti=0000
    404 active  as it should be

Without the token nobody may ask.
  GET /api/run/demo?jti=7f3a
    403 {"code":403,"message":"rejecting request without Authorization header or key URL query parameter","req_id":"ID"}

Every answer was right. Next: npm test; README.md says how to write your own.
`;

describe('npm run demo', () => {
  it('tells the main job, step by step', async function () {
    this.timeout(20_000); // a key pair, a DynamoDB and a server are made
    const { status, stdout, stderr } = await runProgram('demo', []);
    const story = stdout
      .replace(/key [0-9a-f]{16} /, 'key KID ')
      .replace(/certificate \S{16}…/, 'certificate CERT…')
      .replace(/http:\S+(?=\/acme)/, 'ORIGIN')
      .replace(/[\w.-]{40}… \(\d+ /, 'TOKEN… (N ')
      .replace(/^ {2}http:\/\/127\.0\.0\.1:\d+$/m, '  SERVER')
      .replace(/\d{13}\.\d{1,5}/, 'ID');
    expect({ status, stderr, story }).to.deep.equal({ status: 0, stderr: '', story: STORY });
  });

  it('ends with 1 where an answer is wrong, and says which', async function () {
    this.timeout(20_000);
    // A fetch that loses the header which says what the answer was.
    const lossy = `const real = fetch; globalThis.fetch = async (...args) => {
      const { status, body } = await real(...args);
      return new Response(body, { status });
    };`;
    const { status, stdout } = await runProgram('demo', [], {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(lossy)}` },
    });
    expect([status, stdout.split('\n').at(-2)]).to.deep.equal([1, '3 answers were wrong.']);
    expect(stdout).to.contain('WRONG: expected 404 active');
  });
});
