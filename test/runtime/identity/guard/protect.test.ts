import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freezeDate, type Task, webtask } from '../../../../runtime/harness/index.ts';
import { AUDIENCE, ISSUER, issuerKey } from '../../../support/access-token.ts';
import { NOW } from '../../../support/keys.ts';
import { startOrigin } from '../../../support/origin.ts';

const KEY = issuerKey('k1');

const OPTIONS = JSON.stringify({
  issuer: ISSUER,
  audience: AUDIENCE,
  jwks: { keys: [KEY.jwk] },
  scopes: ['read:orders'],
});
const MODELS = {
  '(callback)': 'module.exports = protect(function (callback) { callback(null, "in"); }, OPTIONS)',
  '(context, callback)': 'module.exports = protect((context, callback) => callback(null, context.user.sub), OPTIONS)',
  promise: 'module.exports = protect(async (context, callback) => context.body.name + context.user.sub, OPTIONS)',
  '(context, req, res)':
    'module.exports = protect((context, req, res) => { let n = 0; req.on("data", (it) => { n += it.length; }).on("end", () => res.end(context.user.sub + n)); }, OPTIONS)',
  fetch:
    'module.exports = protect({ async fetch(request, context) { return Response.json([context.user.sub, await request.text()]); } }, OPTIONS)',
};
const ANSWERS = {
  '(callback)': '"in"',
  '(context, callback)': '"auth0|ada"',
  promise: '"Adaauth0|ada"',
  '(context, req, res)': 'auth0|ada14',
  fetch: '["auth0|ada","{\\"name\\":\\"Ada\\"}"]',
};

describe('a webtask that is protected', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webtask-protect-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function load(code: string): Promise<Task> {
    const identity = new URL('../../../../runtime/identity/index.ts', import.meta.url).pathname;
    const file = join(folder, `task${Math.random()}.js`);
    await writeFile(file, `const { protect } = require('${identity}');\n${code.replace('OPTIONS', OPTIONS)}`);
    freezeDate(NOW * 1000);
    return webtask(file, { secrets: {} });
  }

  const THROWS = {
    'an error, (callback)': 'function (callback) { throw new TypeError("no"); }',
    'an error, (context, callback)': '(context, callback) => { throw new TypeError("no"); }',
    'an error, (context, req, res)': '(context, req, res) => { throw new TypeError("no"); }',
    'an error with a status': '(context, callback) => { throw Object.assign(new Error("no"), { statusCode: 404 }); }',
    'a text': '(context, callback) => { throw "no"; }',
    'nothing but undefined': '(context, callback) => { throw undefined; }',
    'an error, fetch': '{ fetch(request, context) { throw new TypeError("no"); } }',
    'an error, in a promise webtask before there is a promise':
      '(context, callback) => { if (context.headers) throw new TypeError("no"); return Promise.resolve(1); }',
    'an error, and rejects with it': 'async (context, callback) => { throw new TypeError("no"); }',
  };
  const said = (answer: { status: number; body: string }) => ({
    ...JSON.parse(answer.body),
    stack: undefined,
    status: answer.status,
  });

  for (const [what, code] of Object.entries(THROWS)) {
    it(`is answered for as if it were not protected, where it throws ${what}`, async () => {
      const plain = await post(await load(`module.exports = ${code};`), {});
      const guarded = await post(await load(`module.exports = protect(${code}, OPTIONS);`), bearer(KEY.sign()));
      expect(said(guarded)).to.deep.equal(said(plain));
    });

    it(`is answered for in the same words where it throws ${what} after its token had to be waited for`, async () => {
      const keys = await startOrigin((_, res) => res.end(JSON.stringify({ keys: [KEY.jwk] })));
      try {
        const options = JSON.stringify({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${keys.origin}/keys` });
        const task = await load(`module.exports = protect(${code}, ${options});`);
        const plain = await post(await load(`module.exports = ${code};`), {});
        expect(said(await post(task, bearer(KEY.sign())))).to.deep.equal(said(plain)); // and not as one that was returned
        expect(said(await post(task, bearer(KEY.sign())))).to.deep.equal(said(plain));
        expect(keys.requests.length).to.equal(1);
      } finally {
        await keys.close();
      }
    });
  }

  const post = (task: Task, headers: Record<string, string>, url = '/') =>
    task.post(url, { headers: { 'Content-Type': 'application/json', ...headers }, body: '{"name":"Ada"}' });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

  for (const model of Object.keys(MODELS) as (keyof typeof MODELS)[]) {
    it(`runs with a good token, and knows whose it is: ${model}`, async () => {
      const { status, body } = await post(await load(MODELS[model]), bearer(KEY.sign()));
      expect({ status, body }).to.deep.equal({ status: 200, body: ANSWERS[model] });
    });

    it(`does not run otherwise, and the answer is that of RFC 6750: ${model}`, async () => {
      const task = await load(MODELS[model]);
      const answers = [
        await post(task, {}),
        await post(task, bearer('')),
        await post(task, bearer(KEY.sign()), '/?access_token=a'),
        await post(task, bearer(issuerKey('k2').sign())),
        await post(task, bearer(KEY.sign({ scope: 'other' }))),
      ];
      expect(answers.map(({ status }) => status)).to.deep.equal([401, 400, 400, 401, 403]);
      const challenges = answers.map(({ headers }) => /error="\w+"/.exec(String(headers['www-authenticate']))?.[0]);
      expect(challenges).to.deep.equal([
        undefined,
        'error="invalid_request"',
        'error="invalid_request"',
        'error="invalid_token"',
        'error="insufficient_scope"',
      ]);
      expect(answers[0]?.headers['www-authenticate']).to.equal('Bearer realm="api", scope="read:orders"');
    });
  }

  it('may itself return an error, as ever', async () => {
    const task = await load(
      'module.exports = protect((context, callback) => callback(Object.assign(new Error("no"), { statusCode: 418 })), OPTIONS)',
    );
    expect((await post(task, bearer(KEY.sign()))).status).to.equal(418);
  });
});
