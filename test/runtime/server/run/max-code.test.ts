import { expect } from 'chai';
import { apiError, ask, proxyError, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

/** A webtask of so many bytes, half of which JSON spells with two. */
const codeOf = (bytes: number): string => 'return cb => cb(null, "ran") //'.padEnd(bytes / 2, ' ').padEnd(bytes, '\t');

describe('the largest code of a webtask, as --max-code says', () => {
  let server: TestServer;
  afterEach(() => server.close());

  const put = (code: string) =>
    ask(`${server.url}/api/webtask/test/large`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${server.sign({ dd: 1 })}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ code }),
    });
  const issue = (code: string) =>
    ask(`${server.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${server.sign({ dd: 1 })}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ten: 'test', code }),
    });
  const fetched = (code: string) => {
    server.files['large.js'] = code;
    return ask(`${server.url}/api/run/test?key=${server.sign({ url: server.urlOf('large.js') })}`);
  };

  it('may be more than the default: uploaded, in a request, and at a URL', async () => {
    server = await startTestServer(5_000, { maxCodeBytes: 16 * 1024 * 1024 });
    const code = codeOf(16 * 1024 * 1024);
    expect((await put(code)).status).to.equal(200);
    expect((await ask(`${server.url}/api/run/test/large`)).body).to.equal('"ran"');
    expect((await issue(code)).status).to.equal(200);
    expect((await runCode(server, code)).body).to.equal('"ran"');
    expect((await fetched(code)).body).to.equal('"ran"');
  });

  it('may be less: what is larger is refused, wherever it comes from', async () => {
    server = await startTestServer(5_000, { maxCodeBytes: 1000 });
    expect((await runCode(server, codeOf(1000))).body).to.equal('"ran"');
    expect((await fetched(codeOf(1000))).body).to.equal('"ran"');
    const tooLarge = proxyError(400, 'Script exceeds the size limit.');
    const code = codeOf(1002);
    expect(apiError(await put(code))).to.deep.equal({ ...(tooLarge as object), type: 'application/json' });
    expect(apiError(await issue(code))).to.deep.equal(tooLarge);
    expect(apiError(await runCode(server, code))).to.deep.equal(tooLarge);
    server.files['larger.js'] = code;
    const url = server.urlOf('larger.js');
    expect(apiError(await ask(`${server.url}/api/run/test?key=${server.sign({ url })}`))).to.deep.equal(
      proxyError(502, `The code at ${url} is larger than 1000 bytes.`),
    );
  });

  it('is also what is said of a request that is too large to be read at all', async () => {
    server = await startTestServer(5_000, { maxCodeBytes: 1000 });
    expect(apiError(await put(codeOf(20 * 1024 * 1024)))).to.deep.equal(
      proxyError(400, 'Script exceeds the size limit.'),
    );
  });
});
