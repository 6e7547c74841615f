import { expect } from 'chai';
import { openRawStream } from '../../../support/log-stream.ts';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';

const SECRET = 's3cr3t+value/&"x';

/** Each way in which a webtask, or its caller, may have a secret end up in a record. */
const CODES: Record<string, string> = {
  'prints it': 'return (ctx, cb) => { console.log(ctx.secrets.KEY); cb() }',
  'prints it within others': 'return (ctx, cb) => { console.error({ a: [ctx.secrets] }); cb() }',
  'prints it as JSON': 'return (ctx, cb) => { console.debug(JSON.stringify(ctx.secrets)); cb() }',
  'prints it in a URL': 'return (ctx, cb) => { console.warn("?a=" + encodeURIComponent(ctx.secrets.KEY)); cb() }',
  'prints it in Base64':
    'return (ctx, cb) => { console.info(Buffer.from("user:" + ctx.secrets.KEY).toString("base64")); cb() }',
  'writes it to stdout': 'return (ctx, cb) => { process.stdout.write(ctx.secrets.KEY); cb() }',
  'writes it to stderr': 'return (ctx, cb) => { process.stderr.write(ctx.secrets.KEY + "\\n"); cb() }',
  'prints it while it loads': 'console.log(module.webtask.secrets.KEY); return (ctx, cb) => cb()',
  'throws it while it loads':
    'const { KEY } = module.webtask.secrets; setImmediate(() => { throw new Error(KEY) }); return (ctx, cb) => setTimeout(cb, 20)',
  'throws it after its answer began':
    'return (ctx, req, res) => { res.write("a"); setImmediate(() => { throw new Error(ctx.secrets.KEY) }) }',
  'prints how it was called': 'return (ctx, cb) => { console.log(ctx.headers.authorization, ctx.id); cb() }',
  'prints a URL with credentials':
    'return (ctx, req, res) => { console.log("/x?key=" + ctx.secrets.KEY.slice(0, 3) + "opaque&token=abcdef"); res.end() }',
};

describe('a record', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const [what, code] of Object.entries(CODES)) {
    it(`shows no secret of a webtask that ${what}`, async () => {
      const stream = await openRawStream(server.url, `/api/logs/tenant/test?key=${server.sign()}`);
      const claims = { ten: 'test', jtn: 'secretive', code, ectx: { KEY: SECRET } };
      const issued = await ask(`${server.url}/api/tokens/issue`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${server.sign({ dd: 1 })}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(claims),
      });
      const token = issued.body;
      // Escapes may be in either case, and of characters that need none.
      const escaped = encodeURIComponent(SECRET);
      const other = `${escaped.replace(/%../g, (it) => it.toLowerCase())}/%73${escaped.slice(1)}`;
      const path = `/api/run/test/secretive/${escaped}/${other}?token=abcdef&key=abcdef`;
      const headers = { Authorization: `Bearer ${token}` };
      await ask(`${server.url}${path}`, { headers }).catch(() => undefined); // some are cut off
      await stream.until(/finished/);
      const text = stream.chunks.join('');
      expect(text).to.include('***');
      const spellings = [SECRET, '3cr3t', 'abcdef', 'opaque', encodeURIComponent(SECRET), token, token.split('.')[2]];
      spellings.push(Buffer.from(`user:${SECRET}`).toString('base64').slice(8, 20), JSON.stringify(SECRET));
      for (const spelling of spellings) expect(text).not.to.include(spelling);
      expect(stream.chunks.length, text).to.be.at.least(3);
      stream.close();
    });
  }
});
