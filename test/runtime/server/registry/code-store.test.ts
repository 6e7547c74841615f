import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sha256Hex } from '../../../../runtime/code/index.ts';
import { renewTokens } from '../../../../runtime/server/tokens/renew-tokens.ts';
import { parseToken } from '../../../../runtime/token/index.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { startCodeStoreBed } from '../../../support/store-code.ts';

const HELLO = 'module.exports = cb => cb(null, "Hello")';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The webtask that keeps the code runs on a cluster of its own, by the contract of the original. */
describe('code that a webtask keeps', function () {
  this.timeout(20_000);
  let folder: string;
  let bed: Awaited<ReturnType<typeof startCodeStoreBed>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-code-store-'));
    bed = await startCodeStoreBed(folder);
  });
  after(async () => {
    await bed.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    bed.calls.length = 0;
    bed.messages.length = 0;
    bed.fault = undefined;
  });

  const create = async (name: string | undefined, code: string | undefined, claims?: object): Promise<string> => {
    const answer = await bed.create(name, code, claims);
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return text;
  };
  const textOf = async (answer: Promise<Response>): Promise<string> => (await answer).text();
  const errorOf = async (answer: Promise<Response>): Promise<unknown> => {
    const { req_id: _, ...error } = (await (await answer).json()) as Record<string, unknown>;
    return error;
  };
  const unanswered = (reason: string) => ({
    code: 502,
    message: `the webtask that keeps code gave no answer: ${reason}`,
  });

  it('is put under the id of the issuing token and its MD5, and the Location is where the new token finds it', async () => {
    const { claims } = parseToken(await create('hello', HELLO));
    expect(bed.objects.get(`code/parent/${md5(HELLO)}`)?.toString()).to.equal(HELLO);
    expect(bed.calls[0]).to.equal(`PUT ?path=code/parent/${md5(HELLO)}`);
    expect(claims.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/api\/run\/ops\?key=/);
    expect(claims.url_sha256).to.equal(sha256Hex(HELLO));
    const location = parseToken(new URL(claims.url ?? '').searchParams.get('key') ?? '').claims;
    expect(location).to.deep.include({ pctx: { method: 'GET', path: `code/parent/${md5(HELLO)}` }, dr: 1, dd: 0 });
    expect(await textOf(bed.run('/hello'))).to.equal('"Hello"');
  });

  it('has the token of its name beside it, under the cluster’s host, container and name', async () => {
    const token = await create('named', HELLO);
    expect(bed.calls[1]).to.equal('PUT ?path=tokens/127.0.0.1/dev/named&no_location=1');
    expect(JSON.parse(String(bed.objects.get('tokens/127.0.0.1/dev/named')))).to.deep.equal({ token });
  });

  it('is under root where the master key asks', async () => {
    const answer = await fetch(`${bed.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${'11'.repeat(32)}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ten: 'dev', code: HELLO }),
    });
    expect(answer.status).to.equal(200);
    expect([...bed.objects.keys()]).to.include(`code/root/${md5(HELLO)}`);
    expect(await textOf(fetch(answer.headers.get('location') ?? ''))).to.equal('"Hello"');
  });

  it('is fetched once for many runs at once, and not again while its name and hash are remembered', async () => {
    const code = 'module.exports = cb => cb(null, "once")';
    await create('once', code);
    bed.calls.length = 0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => textOf(bed.run('/once'))));
    expect(new Set(answers)).to.deep.equal(new Set(['"once"']));
    expect(bed.calls).to.deep.equal(['GET ']); // of the Location
  });

  it('is replaced for the next request', async () => {
    await create('changing', 'module.exports = cb => cb(null, 1)');
    expect(await textOf(bed.run('/changing'))).to.equal('1');
    await create('changing', 'module.exports = cb => cb(null, 2)');
    expect(await textOf(bed.run('/changing'))).to.equal('2');
  });

  it('is kept by an update that brings none, and its metadata goes with the token', async () => {
    await create('kept', 'module.exports = (ctx, cb) => cb(null, ctx.meta)', { meta: { a: '1' } });
    await create('kept', undefined, { meta: { b: '2' } });
    expect(await textOf(bed.run('/kept'))).to.equal('{"b":"2"}');
    expect(bed.calls.filter((it) => it.includes('code/'))).to.have.lengthOf(1);
  });

  it('is listed, read and described as any other', async () => {
    await create('described', HELLO, { meta: { group: 'd' } });
    const listed = (await (await bed.api('GET', '/api/webtask/dev?meta=group:d&fetch_code=1')).json()) as object[];
    expect(listed).to.have.lengthOf(1);
    expect(listed[0]).to.include({ name: 'described', code: HELLO });
    const one = (await (await bed.api('GET', '/api/webtask/dev/described?fetch_code=1')).json()) as object;
    expect(one).to.deep.include({ name: 'described', code: HELLO, meta: { group: 'd' } });
  });

  it('runs no more under a name that was removed, on any server', async () => {
    await create('gone', HELLO);
    expect((await bed.api('DELETE', '/api/webtask/dev/gone')).status).to.equal(204);
    expect((await bed.run('/gone')).status).to.equal(404);
    expect(bed.objects.get('tokens/127.0.0.1/dev/gone')?.toString()).to.equal('{}');
    const another = await bed.startAnother();
    expect((await fetch(`${another.url}/api/run/dev/gone`)).status).to.equal(404);
    expect((await bed.api('DELETE', '/api/webtask/dev/gone')).status).to.equal(404);
  });

  it('runs on a server that has nothing but the keys and this store, with its secrets and metadata', async () => {
    const code = 'module.exports = (ctx, cb) => cb(null, [ctx.secrets.S, ctx.meta.m])';
    await create('moved', code, { ectx: { S: 's' }, meta: { m: '1' } });
    const another = await bed.startAnother();
    expect(await textOf(fetch(`${another.url}/api/run/dev/moved`))).to.equal('["s","1"]');
  });

  it('can be updated from such a server', async () => {
    await create('both', 'module.exports = cb => cb(null, 1)');
    const another = await bed.startAnother();
    const answer = await fetch(`${another.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${bed.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ten: 'dev', jtn: 'both', mb: 1 }),
    });
    expect(answer.status).to.equal(200);
    expect(JSON.parse(String(bed.objects.get('tokens/127.0.0.1/dev/both')))).to.deep.equal({
      token: await answer.text(),
    });
  });

  it('ends, after many updates of one name at once, as one of them for everybody', async () => {
    const updates = Array.from({ length: 20 }, (_, i) => create('raced', `module.exports = cb => cb(null, ${i + 1})`));
    await Promise.all(updates);
    const kept = JSON.parse(String(bed.objects.get('tokens/127.0.0.1/dev/raced'))) as { token: string };
    const listed = (await (await bed.api('GET', '/api/webtask/dev/raced')).json()) as { token: string };
    expect(listed.token).to.equal(kept.token);
  });

  it('has the tokens of names that new keys have signed, where the renewal is told the host', async () => {
    await create('renewed', HELLO, { ectx: { A: '1' } });
    const renew = (env: NodeJS.ProcessEnv) => renewTokens(bed.dataFolder, { ...bed.env, ...env }, Date.now() / 1000);
    const next = { WEBTASK_SIGNING_KEY: '33'.repeat(32), WEBTASK_OTHER_SIGNING_KEYS: '11'.repeat(32) };
    const kept = () => String(bed.objects.get('tokens/127.0.0.1/dev/renewed'));
    const before = kept();
    expect(await refusalOf(renew(next))).to.deep.equal({
      code: 'RENEWAL_WITHOUT_URL',
      message: 'The webtask that keeps code knows names by the host of the server, and it was not said which that is.',
      fix: 'Set WEBTASK_URL as the server has it, or to where it listens.',
    });
    expect(kept()).to.equal(before);
    expect((await renew({ ...next, WEBTASK_URL: bed.url })).failed).to.deep.equal([]);
    const { token } = JSON.parse(kept()) as { token: string };
    expect(kept()).not.to.equal(before);
    const listed = (await (await bed.api('GET', '/api/webtask/dev')).json()) as { token: string }[];
    expect(listed.map((it) => it.token)).to.include(token);
    // The other tests go on with the key from before.
    await renew({ WEBTASK_OTHER_SIGNING_KEYS: '33'.repeat(32), WEBTASK_URL: bed.url });
  });

  it('is not the place of anybody’s `url`: the server fetches from there although it is not public', async () => {
    const { claims } = parseToken(await create('owner', HELLO));
    const own = claims.url ?? '';
    expect(await errorOf(bed.create('thief', undefined, { url: own, url_sha256: claims.url_sha256 }))).to.deep.equal({
      code: 400,
      message: `claim \`url\` cannot be at ${new URL(own).origin}: that is where this cluster keeps code`,
    });
    // auth0 enable sends back what it inspected.
    await create('owner', undefined, { url: own, url_sha256: claims.url_sha256 });
    expect(await textOf(bed.run('/owner'))).to.equal('"Hello"');
  });

  describe('where the webtask fails', () => {
    it('is not taken: 502 with the reason, and the name runs what it ran before', async () => {
      await create('faulty', HELLO);
      bed.fault = (method) => (method === 'PUT' ? 503 : undefined);
      expect(await errorOf(bed.create('faulty', 'other'))).to.deep.equal(
        unanswered('keeping code was answered with 503'),
      );
      expect(await textOf(bed.run('/faulty'))).to.equal('"Hello"');
    });

    it('can be sent again where only the token of the name was refused', async () => {
      bed.fault = (_, path) => (path.startsWith('tokens/') ? 500 : undefined);
      expect(await errorOf(bed.create('unnamed', HELLO))).to.deep.equal(
        unanswered('keeping the token of a name was answered with 500'),
      );
      bed.fault = undefined;
      await create('unnamed', HELLO);
      expect(await textOf(bed.run('/unnamed'))).to.equal('"Hello"');
    });

    it('cannot be resolved: 502, never 404, since nothing is known of the name', async () => {
      bed.fault = () => 500;
      expect(await errorOf(bed.run('/never-asked'))).to.deep.equal({
        code: 502,
        message: 'unable to resolve jtn to webtask token',
      });
      expect(bed.messages).to.deep.equal([
        'unable to resolve jtn to webtask token: ' +
          'the webtask that keeps code gave no answer: asking for the token of a name was answered with 500',
      ]);
    });

    it('is unknown by name where the answer is 404', async () => {
      expect(await errorOf(bed.run('/unknown'))).to.deep.equal({
        code: 404,
        message: 'unable to resolve jtn to webtask token',
      });
    });

    it('does not run as anything else: what the store gives has to have the hash of what it was given', async () => {
      const code = 'module.exports = cb => cb(null, "true")';
      await create('lied', code);
      bed.objects.set(`code/parent/${md5(code)}`, Buffer.from('module.exports = cb => cb(null, "lie")'));
      expect(await errorOf(bed.run('/lied'))).to.deep.equal(
        unanswered('what it gave is not the code that it was given'),
      );
      expect(bed.messages[0]).to.match(/: The code at http:\S+ is not the code that the token was minted for/);
      expect(bed.messages[0]).not.to.include('key=');
      bed.objects.set(`code/parent/${md5(code)}`, Buffer.from(code));
      expect(await textOf(bed.run('/lied'))).to.equal('"true"');
    });

    it('does not run where the store has lost it', async () => {
      const code = 'module.exports = cb => cb(null, "lost")';
      await create('lost', code);
      bed.objects.delete(`code/parent/${md5(code)}`);
      expect(await errorOf(bed.run('/lost'))).to.deep.equal(unanswered('the code could not be fetched'));
    });
  });
});
