import { expect } from 'chai';
import { createVerifier } from '../../runtime/identity/index.ts';
import { AUDIENCE, CLAIMS, issuerKey } from '../support/access-token.ts';
import { part } from '../support/keys.ts';
import { startOrigin } from '../support/origin.ts';
import { refusalOf } from '../support/refusal.ts';

const WAVES = Number(process.env.WEBTASK_SLOW_ROUNDS ?? 100);
const WAVE = 10_000;

describe(`${WAVES * WAVE} tokens with unknown keys`, () => {
  it('have the issuer asked once a second, and no good token is refused meanwhile', async () => {
    const [key, other] = [issuerKey('k1'), issuerKey('k2')];
    const published = [key];
    const issuer = await startOrigin((_, res) => res.end(JSON.stringify({ keys: published.map(({ jwk }) => jwk) })));
    try {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: issuer.origin, iat: now, exp: now + 3600 };
      const good = key.sign(claims);
      const [, payload, signature] = good.split('.');
      const { verify, verifyAsync } = createVerifier({
        issuer: issuer.origin,
        audience: AUDIENCE,
        jwksUri: `${issuer.origin}/keys`,
      });
      await verifyAsync(good);
      const began = performance.now();
      for (let wave = 0; wave < WAVES; wave++) {
        const unknown = Array.from({ length: WAVE }, (_, i) => {
          const header = part({ alg: 'ES256', typ: 'at+jwt', kid: `${wave} ${i}` });
          return refusalOf(verifyAsync(`${header}.${payload}.${signature}`));
        });
        expect(verify(good).claims).to.deep.equal({ ...CLAIMS, ...claims });
        const codes = new Set((await Promise.all(unknown)).map(({ code }) => code));
        expect([...codes]).to.deep.equal(['ACCESS_TOKEN_KEY_UNKNOWN']);
      }
      expect(issuer.requests.length).to.be.at.most(2 + (performance.now() - began) / 1000);
      published.push(other); // and a new key is seen by the next fetch
      expect((await verifyAsync(other.sign(claims))).claims.sub).to.equal('auth0|ada');
    } finally {
      await issuer.close();
    }
  });
});
