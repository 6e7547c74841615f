import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { WebtaskError } from '../../../../runtime/errors.ts';
import { mountIdentity } from '../../../../runtime/server/identity/mount.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { issuerKey } from '../../../support/access-token.ts';
import { acmeConfig } from '../../../support/identity.ts';
import { ask } from '../../../support/server.ts';

describe('identity on a server whose store cannot be opened', () => {
  it('is a 503 in the words of OAuth, and there once the store is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-identity-'));
    const file = join(folder, 'identity.json');
    writeFileSync(file, JSON.stringify({ tenants: { acme: acmeConfig(issuerKey('k1')) } }));
    const errors: WebtaskError[] = [];
    let isThere = false;
    const mount = await mountIdentity({
      file,
      dataFolder: folder,
      openStore: async () => {
        if (isThere) return createMemoryStore();
        throw new WebtaskError('STORE_UNREACHABLE', { reason: 'connect ECONNREFUSED 10.0.0.5:8000' });
      },
      baseUrl: () => 'https://wt.example.com',
      onError: (error) => void errors.push(error),
    });
    const server = createServer((req, res) => void mount.answer(req, res));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/identity/acme/jwks.json`; // TCP
      const { status, headers, body } = await ask(url);
      expect([status, headers['retry-after']]).to.deep.equal([503, '1']);
      expect(JSON.parse(body)).to.deep.equal({
        error: 'temporarily_unavailable',
        error_description: 'The store does not answer at the moment.',
        code: 'STORE_UNREACHABLE',
      });
      expect(errors.map(({ code }) => code)).to.deep.equal(['STORE_UNREACHABLE']);
      isThere = true;
      expect((await ask(url)).status).to.equal(200);
    } finally {
      await mount.close();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
