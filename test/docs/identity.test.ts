import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { WebtaskError } from '../../runtime/errors.ts';
import { webtask } from '../../runtime/harness/index.ts';
import { createVerifier, type VerifierOptions } from '../../runtime/identity/index.ts';
import { AUDIENCE, CLAIMS, issuerKey } from '../support/access-token.ts';
import { freePort } from '../support/free-port.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { readBlocks, startCommand } from '../support/page.ts';
import { FROM_SOURCE } from '../support/program.ts';

const KIT = fileURLToPath(new URL('../../', import.meta.url));

describe('docs/identity.md', function () {
  this.timeout(30_000);
  const key = issuerKey('k1');
  let issuer: Origin;
  let folder: string;
  before(async () => {
    issuer = await startOrigin((req, res) => {
      const metadata = { issuer: `${issuer.origin}/`, jwks_uri: `${issuer.origin}/keys` };
      res.end(JSON.stringify(req.url === '/keys' ? { keys: [key.jwk] } : metadata));
    });
    folder = await mkdtemp(join(tmpdir(), 'webtask-docs-identity-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(KIT, join(folder, 'node_modules/webtask-kit'));
    await symlink(join(KIT, 'node_modules/express'), join(folder, 'node_modules/express'));
  });
  after(async () => {
    await issuer.close();
    await rm(folder, { recursive: true });
  });

  /** A block of the page, with the issuer of this test. */
  async function example(index: number, file: string, port = 0): Promise<string> {
    const blocks = (await readBlocks('docs/identity.md', port)).filter(({ language }) => language === 'js');
    const text = (blocks[index]?.text ?? '').replaceAll('https://login.example.com/', `${issuer.origin}/`);
    await writeFile(join(folder, file), text);
    return join(folder, file);
  }
  const authorization = () => {
    const now = Math.floor(Date.now() / 1000);
    return { Authorization: `Bearer ${key.sign({ iss: `${issuer.origin}/`, iat: now, exp: now + 60 })}` };
  };

  it('guards an API of Express', async () => {
    const port = await freePort();
    const file = await example(0, 'api.mjs', port);
    const child = startCommand(`"${process.execPath}" ${FROM_SOURCE.join(' ')} ${file}`, {
      cwd: folder,
      env: { PATH: String(process.env.PATH) },
    });
    try {
      const url = `http://127.0.0.1:${port}/orders`;
      const listening = async () => (await fetch(url, { headers: authorization() }).catch(() => undefined))?.status;
      for (let i = 0; i < 200 && (await listening()) === undefined; i++) await new Promise((go) => setTimeout(go, 50));
      expect(await (await fetch(url, { headers: authorization() })).json()).to.deep.equal({ of: 'auth0|ada' });
      expect((await fetch(url)).status).to.equal(401);
    } finally {
      child.kill();
    }
  });

  it('guards a webtask', async () => {
    const task = await webtask(await example(1, 'orders.js'), { secrets: {} });
    expect((await task.get('/', { headers: authorization() })).json).to.deep.equal({ of: 'auth0|ada' });
    expect((await task.get('/')).status).to.equal(401);
  });

  it('names every option of a verifier, with its default', async () => {
    const text = await readFile(join(KIT, 'docs/identity.md'), 'utf8');
    const rows = [...(text.split('## Verify a token')[1] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const options: Required<VerifierOptions> = {
      issuer: '',
      audience: AUDIENCE,
      jwksUri: '',
      jwks: { keys: [] },
      algorithms: [],
      typ: '',
      requiredClaims: [],
      clockTolerance: 0,
      maxTokenAge: 0,
      staleIfError: 0,
    };
    expect(rows).to.include.members(Object.keys(options));
  });

  it('has a way out for tokens of issuers that differ from RFC 9068', () => {
    const given = { issuer: CLAIMS.iss, audience: AUDIENCE, jwks: { keys: [key.jwk] } };
    const now = Math.floor(Date.now() / 1000);
    const token = key.sign({ iat: now, exp: now + 60, client_id: undefined, jti: undefined }, { typ: 'JWT' });
    expect(() => createVerifier(given).verify(token)).to.throw(WebtaskError);
    const verifier = createVerifier({ ...given, typ: 'JWT', requiredClaims: ['sub', 'iat'] });
    expect(verifier.verify(token).claims.sub).to.equal('auth0|ada');
  });
});
