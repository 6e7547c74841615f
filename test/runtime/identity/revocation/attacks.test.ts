import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect } from 'chai';
import { createVerifier, type VerifiedToken } from '../../../../runtime/identity/index.ts';
import {
  openRevocation,
  type Revocation,
  revocationOf,
  type TenantRevocations,
} from '../../../../runtime/identity/revocation/index.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { refusalIn, refusalOf } from '../../../support/refusal.ts';
import { ISS, NOW, verified } from '../../../support/revocation.ts';

describe('who has a revoked token', () => {
  let revocation: Revocation;
  let acme: TenantRevocations;
  let time: number;

  beforeEach(async () => {
    time = NOW;
    revocation = openRevocation({ store: createMemoryStore(() => time), tenants: ['acme'], now: () => time * 1000 });
    acme = revocation.tenant('acme');
    await revocation.ready();
  });

  afterEach(() => revocation.close());

  const statusOf = (claims: Readonly<Record<string, unknown>>): string => acme.check(verified(claims)).status;

  describe('and spells it differently', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' }] };
    const verifier = createVerifier({
      issuer: ISS,
      audience: 'api',
      algorithms: ['ES256'],
      jwks,
      typ: ['JWT'],
      requiredClaims: [],
    });

    function tokenOf(claims: object): { input: string; signature: Buffer } {
      const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const input = `${encode({ alg: 'ES256', kid: 'k', typ: 'JWT' })}.${encode(claims)}`;
      return { input, signature: sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }) };
    }

    /** The other signature that the same token has: (r, n - s) in place of (r, s). */
    function twinOf(signature: Buffer): Buffer {
      const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
      const s = order - BigInt(`0x${signature.toString('hex', 32)}`);
      return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    }

    const today = Math.floor(Date.now() / 1000); // by which the verifier goes
    const CLAIMS = { iss: ISS, aud: 'api', sub: 'user 1', iat: today, exp: today + 3600 };

    for (const [what, claims] of [
      ['by its jti', { ...CLAIMS, jti: 'token 1' }],
      ['without a jti', CLAIMS],
    ] as const) {
      it(`has a second signature that holds, and the same key ${what}`, async () => {
        const { input, signature } = tokenOf(claims);
        const twin = twinOf(signature);
        const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
        expect(verify('sha256', Buffer.from(input), key, twin)).to.equal(true);
        const [token, other] = [signature, twin].map((it) => verifier.verify(`${input}.${it.toString('base64url')}`));
        await acme.revoke(revocationOf(token as VerifiedToken)); // there are two
        expect(acme.check(other as VerifiedToken)).to.include({ status: 'revoked', by: 'jti' });
      });
    }

    it('finds no other spelling of its base64url that is verified at all', () => {
      const { input, signature } = tokenOf(CLAIMS);
      const token = `${input}.${signature.toString('base64url')}`;
      // The last character of 64 bytes has four bits that say nothing.
      const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
        .map((last) => token.slice(0, -1) + last)
        .filter((it) => it !== token && Buffer.from(it.split('.')[2] ?? '', 'base64url').equals(signature));
      expect(others).to.have.length(15);
      for (const other of [...others, `${token}=`, `${token}\n`, ` ${token}`]) {
        expect(refusalIn(() => verifier.verify(other)).code).to.equal('ACCESS_TOKEN_MALFORMED');
      }
    });
  });

  describe('or one that looks like it', () => {
    it('has the same id from another issuer, which stays active, with or without a slash', async () => {
      await acme.revoke({ kind: 'jti', iss: ISS, id: 'token 1' });
      expect(statusOf({ jti: 'token 1' })).to.equal('revoked');
      expect(statusOf({ jti: 'token 1', iss: 'https://other.example/' })).to.equal('active');
      expect(statusOf({ jti: 'token 1', iss: ISS.slice(0, -1) })).to.equal('active');
    });

    it('has the id of one kind in the place of another', async () => {
      await acme.revoke({ kind: 'sub', iss: ISS, id: 'x' });
      expect(statusOf({ sub: 'y', jti: 'x', sid: 'x', client_id: 'x', azp: 'x', grant_id: 'x' })).to.equal('active');
    });

    it('has a jti that is spelled like the digest of another token', async () => {
      const token = verified({ jti: undefined });
      await acme.revoke(revocationOf(token));
      expect(statusOf({ jti: token.digest() })).to.equal('active');
    });

    it('has ids that every object has', async () => {
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
      for (const jti of names) expect(statusOf({ jti, sub: jti })).to.equal('active');
      for (const id of names) await acme.revoke({ kind: 'jti', iss: ISS, id });
      for (const jti of names) expect(statusOf({ jti })).to.equal('revoked');
      expect(statusOf({ jti: 'valueOf' })).to.equal('active');
    });

    it('has halves of characters and NUL in its id', async () => {
      await acme.revoke({ kind: 'jti', iss: ISS, id: 'a\ud800' });
      await acme.revoke({ kind: 'jti', iss: ISS, id: 'b\u0000c' });
      for (const jti of ['a\ud800', 'b\u0000c']) expect(statusOf({ jti })).to.equal('revoked');
      for (const jti of ['a\ud801', 'a\ufffd', 'b', 'b\u0000', 'bc']) expect(statusOf({ jti })).to.equal('active');
    });

    it('has claims of other types, which name nothing', () => {
      for (const claims of [{ sub: ['user 1'] }, { sid: 1 }, { client_id: null }, { grant_id: { toString: 1 } }]) {
        expect(statusOf(claims)).to.equal('active');
      }
    });

    it('has a jti that is no text, and is known by what is signed in it', async () => {
      for (const jti of [1, '', null, ['token 1'], {}]) {
        const token = verified({ jti });
        expect(acme.check(token).status).to.equal('active');
        await acme.revoke(revocationOf(token));
        expect(acme.check(token).status).to.equal('revoked');
      }
    });
  });

  describe('and says another time', () => {
    beforeEach(() => acme.revoke({ kind: 'sub', iss: ISS, id: 'user 1', notBefore: NOW }));

    it('was issued in the second of the revocation, or in a leap second, which is counted as it: which came first nobody can tell', () => {
      const times = [NOW - 1, NOW - 0.1, NOW, NOW + 0.9, NOW + 1];
      const statuses = times.map((iat) => statusOf({ iat }));
      expect(statuses).to.deep.equal(['revoked', 'revoked', 'revoked', 'revoked', 'active']);
    });

    it('leaves out when it was issued, or writes it as no number', () => {
      for (const iat of [undefined, null, `${NOW + 10}`, Number.NaN, [NOW + 10]]) {
        expect(statusOf({ iat }), String(iat)).to.equal('revoked');
      }
    });

    it('was issued in the future, or in milliseconds', () => {
      for (const iat of [NOW + 3601, NOW * 1000, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
        expect(statusOf({ iat }), String(iat)).to.equal('revoked');
      }
    });

    it('was issued before the revocation of its client, though after that of its user, and the other way round', async () => {
      await acme.revoke({ kind: 'client', iss: ISS, id: 'client 1', notBefore: NOW + 20 });
      await acme.revoke({ kind: 'issuer', iss: ISS, notBefore: NOW + 10 });
      const by = (iat: number, client: object): unknown => acme.check(verified({ iat, ...client })).by;
      for (const client of [{ client_id: 'client 1' }, { azp: 'client 1' }, { client_id: 'a', azp: 'client 1' }]) {
        expect([NOW, NOW + 10, NOW + 20, NOW + 21].map((iat) => by(iat, client))).to.deep.equal([
          'sub',
          'client',
          'client',
          undefined,
        ]);
      }
      expect([NOW, NOW + 10, NOW + 11].map((iat) => by(iat, {}))).to.deep.equal(['sub', 'issuer', undefined]);
    });

    it('waits until the entry ends: which is when its tokens have, and an hour later', async () => {
      await acme.revoke({ kind: 'jti', iss: ISS, id: 'token 9', expires: NOW + 60 });
      time = NOW + 60 + 3599;
      expect(statusOf({ jti: 'token 9', sub: 'user 9' })).to.equal('revoked');
    });
  });

  describe('or may revoke, and would lock others out', () => {
    it('cannot date a revocation ahead, in seconds or in milliseconds, as far as it may go', async () => {
      for (const notBefore of [NOW + 61.1, NOW + 86_400, NOW * 1000, 2 ** 32, 2 ** 53, Number.MAX_VALUE]) {
        for (const kind of ['tenant', 'issuer'] as const) {
          const refused = acme.revoke(kind === 'tenant' ? { kind, notBefore } : { kind, iss: ISS, notBefore });
          expect((await refusalOf(refused)).code).to.equal('REVOCATION_DATED_AHEAD');
        }
      }
      expect(statusOf({})).to.equal('active');
    });

    it('cannot have a time forgotten by an earlier one, or an entry by an earlier end', async () => {
      await acme.revoke({ kind: 'sub', iss: ISS, id: 'user 1', notBefore: NOW });
      await acme.revoke({ kind: 'sub', iss: ISS, id: 'user 1', notBefore: 1, expires: NOW + 1 });
      time = NOW + 2 * 3600;
      revocation.tenant('acme');
      expect(statusOf({ iat: NOW, exp: NOW + 86_400 })).to.equal('revoked');
    });

    it('cannot reach another tenant, whatever that is called', async () => {
      const names = ['other', 'acme/', 'Acme', '', 'acme\u0000', '__proto__', 'a'.repeat(3000), '\ud800'];
      for (const name of names) revocation.tenant(name);
      await revocation.ready();
      await acme.revoke({ kind: 'tenant' });
      await acme.revoke({ kind: 'jti', iss: ISS, id: 'token 1' });
      for (const name of names) expect(revocation.tenant(name).check(verified()).status).to.equal('active');
      expect(statusOf({})).to.equal('revoked');
    });
  });
});
