import { createSecretKey, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { openSeal, sealSecrets, signToken, verifyToken } from '../../../runtime/token/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { openWithForge, sealWithForge } from '../../support/forge-jwe.ts';
import { hmacKey, keySet, NOW, part } from '../../support/keys.ts';
import { refusalOf } from '../../support/refusal.ts';

const NOW_MS = NOW * 1000;
const CERTIFICATE = makeCertificate();
const { privateKey } = CERTIFICATE;
const SYMMETRIC = { kid: 's1', key: createSecretKey(Buffer.alloc(32, 's')) };
const KEYS = keySet([hmacKey('k1')], { certificate: CERTIFICATE, symmetric: SYMMETRIC });
const SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const FOR = { ten: 'shop', url: 'https://example.com/pay.js', url_sha256: SHA256 };
const SECRETS = { KEY: 'sésame €', EMPTY: '', constructor: 'x' };
const PLAINTEXT = JSON.stringify({ for: FOR, secrets: SECRETS });

const seal = (how: 'certificate' | 'dir' = 'certificate', secrets: Record<string, string> = SECRETS) =>
  sealSecrets(secrets, FOR, KEYS, how, NOW_MS);
const headerOf = (ectx: string) => Buffer.from(ectx.split('.')[0] ?? '', 'base64url').toString();
const unreadable = (reason: string) => ({
  code: 'TOKEN_SEAL_UNREADABLE',
  message: `error decrypting JWT token context: ${reason}`,
  fix: undefined,
});

describe('secrets that are sealed to the certificate', () => {
  it('name it by its fingerprint in the header, and have RSA-OAEP-256 and A256GCM', async () => {
    const header = `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"${CERTIFICATE.fingerprint}"}`;
    expect(headerOf(await seal())).to.equal(header);
  });

  it('are read by node-forge alone and by jose alike, and say what they are sealed for', async () => {
    const ectx = await seal();
    expect(openWithForge(ectx, CERTIFICATE.keyPem)).to.equal(PLAINTEXT);
    const { plaintext } = await compactDecrypt(ectx, CERTIFICATE.privateKey);
    expect(Buffer.from(plaintext).toString()).to.equal(PLAINTEXT);
  });

  it('are opened here also where node-forge alone sealed them', async () => {
    const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: CERTIFICATE.fingerprint };
    expect(await openSeal(sealWithForge(header, PLAINTEXT, CERTIFICATE.pem), FOR, KEYS)).to.deep.equal(SECRETS);
  });

  it('need no key that could open them: a build machine seals and cannot read', async () => {
    const { pem, fingerprint } = CERTIFICATE;
    const builder = keySet([hmacKey('k1')], { certificate: { pem, fingerprint } });
    const ectx = await sealSecrets(SECRETS, FOR, builder, 'certificate', NOW_MS);
    expect(await openSeal(ectx, FOR, KEYS)).to.deep.equal(SECRETS);
    expect(await refusalOf(openSeal(ectx, FOR, builder))).to.deep.equal(unreadable('no key of this cluster opens it'));
  });

  for (const [what, reason, form] of [
    [
      'has expired',
      'it was valid until 2026-12-31T00:00:00.000Z',
      { privateKey, to: new Date('2026-12-31T00:00:00Z') },
    ],
    [
      'is not valid yet',
      'it is not valid before 2027-02-01T00:00:00.000Z',
      { privateKey, from: new Date('2027-02-01T00:00:00Z') },
    ],
    ['has 1024 bits', 'its RSA key has 1024 bits, and 2048 are the least', { bits: 1024 }],
    [
      'is for signing',
      'its key usage does not include keyEncipherment',
      { privateKey, keyUsage: { digitalSignature: true } },
    ],
  ] as const) {
    it(`are refused where the certificate ${what}`, async () => {
      const keys = keySet([], { certificate: makeCertificate(form) });
      expect(await refusalOf(sealSecrets(SECRETS, FOR, keys, 'certificate', NOW_MS))).to.deep.equal({
        code: 'CERTIFICATE_UNUSABLE',
        message: `Secrets cannot be sealed to the certificate: ${reason}.`,
        fix: undefined,
      });
    });
  }
});

describe('secrets that are sealed under the symmetric key', () => {
  it('name it in the header, have no key of their own, and are read by node-forge alone', async () => {
    const ectx = await seal('dir');
    expect(headerOf(ectx)).to.equal('{"alg":"dir","enc":"A256GCM","kid":"s1"}');
    expect(ectx.split('.')[1]).to.equal('');
    expect(openWithForge(ectx, SYMMETRIC.key.export())).to.equal(PLAINTEXT);
    expect(await openSeal(ectx, FOR, KEYS)).to.deep.equal(SECRETS);
  });
});

for (const how of ['certificate', 'dir'] as const) {
  describe(`a seal (${how})`, () => {
    it('differs from every other of the same secrets, so that it does not tell that they are the same', async () => {
      const [first, second] = (await Promise.all([seal(how), seal(how)])).map((ectx) => ectx.split('.'));
      for (const index of how === 'dir' ? [2, 3, 4] : [1, 2, 3, 4])
        expect(first?.[index]).not.to.equal(second?.[index]);
    });

    it('is opened for what it was made for', async () => {
      expect(await openSeal(await seal(how), FOR, KEYS)).to.deep.equal(SECRETS);
      const open = await sealSecrets({}, {}, KEYS, how, NOW_MS);
      expect(await openSeal(open, {}, KEYS)).to.deep.equal({});
    });

    for (const [what, other] of [
      ['of another container', { ...FOR, ten: 'books' }],
      ['of more containers', { ...FOR, ten: 'shop,books' }],
      ['of another URL', { ...FOR, url: 'https://example.com/steal.js' }],
      ['of other code', { ...FOR, url_sha256: SHA256.replace('b', 'c') }],
      ['for every container', { url: FOR.url, url_sha256: SHA256 }],
      ['that runs the code of its caller', { ten: 'shop' }],
      ['that leaves the code open', { ten: 'shop', url: FOR.url }],
      ['for anything', {}],
    ] as const) {
      it(`is refused in a token ${what}`, async () => {
        expect(await refusalOf(openSeal(await seal(how), other, KEYS))).to.deep.equal({
          code: 'TOKEN_SEAL_MISMATCH',
          message: 'error decrypting JWT token context: the secrets were sealed for another container, URL or code',
          fix: undefined,
        });
      });
    }

    it('is refused where any of its parts was changed', async () => {
      const parts = (await seal(how)).split('.');
      for (const index of [1, 2, 3, 4]) {
        const changed = [...parts];
        changed[index] = randomBytes(16).toString('base64url');
        expect(await refusalOf(openSeal(changed.join('.'), FOR, KEYS))).to.deep.equal(unreadable('it is damaged'));
      }
      // The header is authenticated too: here only its members were put in another order.
      const { alg, enc, kid } = JSON.parse(headerOf(parts.join('.')));
      const moved = [part({ kid, enc, alg }), ...parts.slice(1)].join('.');
      expect(await refusalOf(openSeal(moved, FOR, KEYS))).to.deep.equal(unreadable('it is damaged'));
    });
  });
}

describe('a seal that was copied by somebody who can mint', () => {
  it('does not open in a token with code of their own, or in another container', async () => {
    const victim = verifyToken(signToken({ ...FOR, ectx: await seal() }, KEYS, NOW), KEYS, NOW);
    const { ectx = '' } = victim;
    expect(await openSeal(ectx, victim, KEYS)).to.deep.equal(SECRETS);
    for (const own of [{ ten: 'shop' }, { ...FOR, url: 'https://evil.example/a.js' }, { ...FOR, ten: 'evil' }]) {
      const thief = verifyToken(signToken({ ...own, ectx }, KEYS, NOW), KEYS, NOW);
      expect(await refusalOf(openSeal(ectx, thief, KEYS))).to.include({ code: 'TOKEN_SEAL_MISMATCH' });
    }
  });
});

describe('a seal that no key opens', () => {
  const encrypt = (header: Record<string, string>, key: Parameters<CompactEncrypt['encrypt']>[0]) =>
    new CompactEncrypt(Buffer.from(PLAINTEXT))
      .setProtectedHeader({ enc: 'A256GCM', alg: 'dir', ...header })
      .encrypt(key);
  const NO_KEY = unreadable('no key of this cluster opens it');
  const { fingerprint, pem } = CERTIFICATE;

  it('is one of another certificate or symmetric key', async () => {
    const others = keySet([], { certificate: makeCertificate(), symmetric: { ...SYMMETRIC, kid: 's2' } });
    for (const how of ['certificate', 'dir'] as const) {
      expect(await refusalOf(openSeal(await seal(how), FOR, others))).to.deep.equal(NO_KEY);
      expect(await refusalOf(openSeal(await seal(how), FOR, keySet([])))).to.deep.equal(NO_KEY);
    }
  });

  it('is one whose header takes one key for the other', async () => {
    expect(await refusalOf(openSeal(await encrypt({ kid: fingerprint }, SYMMETRIC.key), FOR, KEYS))).to.deep.equal(
      NO_KEY,
    );
    const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 's1' };
    expect(await refusalOf(openSeal(sealWithForge(header, PLAINTEXT, pem), FOR, KEYS))).to.deep.equal(NO_KEY);
    expect(await refusalOf(openSeal(await encrypt({}, SYMMETRIC.key), FOR, KEYS))).to.deep.equal(NO_KEY);
  });

  it('is one of another algorithm, though its key is right', async () => {
    const { key, kid } = SYMMETRIC;
    const damaged = unreadable('it is damaged');
    expect(await refusalOf(openSeal(await encrypt({ alg: 'A256KW', kid }, key), FOR, KEYS))).to.deep.equal(damaged);
    expect(await refusalOf(openSeal(await encrypt({ alg: 'A256GCMKW', kid }, key), FOR, KEYS))).to.deep.equal(damaged);
    expect(await refusalOf(openSeal(await encrypt({ enc: 'A128CBC-HS256', kid }, key), FOR, KEYS))).to.deep.equal(
      damaged,
    );
    const header = { alg: 'RSA-OAEP', enc: 'A256GCM', kid: fingerprint };
    expect(await refusalOf(openSeal(sealWithForge(header, PLAINTEXT, pem), FOR, KEYS))).to.deep.equal(damaged);
  });

  it('is no seal at all', async () => {
    for (const ectx of ['', 'a', 'a.b.c.d.e', '....', `${await seal()}.`]) {
      expect(await refusalOf(openSeal(ectx, FOR, KEYS)), ectx).to.deep.equal(unreadable('it is damaged'));
    }
  });

  it('is one that holds something else: everybody who has the certificate can make one', async () => {
    const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: fingerprint };
    for (const content of [
      'null',
      '{}',
      'KEY=value',
      JSON.stringify({ secrets: SECRETS }),
      JSON.stringify({ for: FOR }),
      JSON.stringify({ for: null, secrets: SECRETS }),
      JSON.stringify({ for: FOR, secrets: null }),
      JSON.stringify({ for: FOR, secrets: { KEY: { toString: 1 } } }),
      JSON.stringify({ for: { ...FOR, ten: ['shop'] }, secrets: SECRETS }),
    ]) {
      const ectx = sealWithForge(header, content, pem);
      expect(await refusalOf(openSeal(ectx, FOR, KEYS)), content).to.deep.equal(unreadable('it is damaged'));
    }
  });
});

describe('the names of secrets', () => {
  it('are refused where they begin with WEBTASK_', async () => {
    for (const how of ['certificate', 'dir'] as const) {
      expect(await refusalOf(seal(how, { A: '1', WEBTASK_SIGNING_KEY: 'x' }))).to.deep.equal({
        code: 'SECRET_RESERVED',
        message: 'The name WEBTASK_SIGNING_KEY is reserved: what begins with WEBTASK_ never becomes a secret.',
        fix: 'Give the secret another name.',
      });
    }
    expect(await openSeal(await seal('dir', { MY_WEBTASK_A: '1' }), FOR, KEYS)).to.deep.equal({ MY_WEBTASK_A: '1' });
  });

  it('are left out where they begin with WEBTASK_ in a seal that was made elsewhere', async () => {
    const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: CERTIFICATE.fingerprint };
    const content = JSON.stringify({ for: FOR, secrets: { A: '1', WEBTASK_DATA: '/' } });
    expect(await openSeal(sealWithForge(header, content, CERTIFICATE.pem), FOR, KEYS)).to.deep.equal({ A: '1' });
  });

  it('may be such as every object has, and then are members like others', async () => {
    const secrets = JSON.parse('{"__proto__":"a","toString":"b"}') as Record<string, string>;
    expect(Object.entries(await openSeal(await seal('certificate', secrets), FOR, KEYS))).to.deep.equal([
      ['__proto__', 'a'],
      ['toString', 'b'],
    ]);
  });
});

describe('sealing without a key', () => {
  it('is refused with the setting that gives one', async () => {
    for (const [how, missing, setting] of [
      ['certificate', 'a certificate', 'WEBTASK_CERTIFICATE'],
      ['dir', 'a symmetric key', 'WEBTASK_ENCRYPTION_KEY'],
    ] as const) {
      expect(await refusalOf(sealSecrets({}, {}, keySet([]), how, NOW_MS))).to.deep.equal({
        code: 'SEAL_NO_KEY',
        message: `Secrets cannot be sealed: there is no key for it, namely ${missing}.`,
        fix: `Set ${setting}.`,
      });
    }
  });
});
