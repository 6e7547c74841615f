import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { freezeDate } from '../../../runtime/harness/index.ts';
import { AUDIENCE, CLAIMS, ISSUER, issuerKey, verifierOf } from '../../support/access-token.ts';
import { NOW, part } from '../../support/keys.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { refusalIn } from '../../support/refusal.ts';

const KEY = issuerKey('k1');
const RSA = issuerKey('r1', 'RS256');
const { verify } = verifierOf([KEY, RSA]);

/** Why a token is refused: the code, and after it what is malformed. */
function why(token: string): string {
  const { code, message } = refusalIn(() => verify(token));
  return code === 'ACCESS_TOKEN_MALFORMED' ? message.replace('The access token is malformed: ', '') : code;
}
const cut = (token: string) => token.split('.') as [header: string, payload: string, signature: string];
const header = (more: object = {}) => JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...more });
const payload = JSON.stringify(CLAIMS);

describe('attacks on access tokens:', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  describe('a token whose algorithm is not that of its key', () => {
    for (const alg of ['none', 'nOnE', 'None', '', 'HS256', 'HS512', 'RS1', 'ES256K']) {
      it(`is refused: ${alg || 'nothing'}`, () => {
        const [, body] = cut(KEY.sign());
        for (const signature of ['', cut(KEY.sign())[2]]) {
          expect(why(`${part(header({ alg }))}.${body}.${signature}`)).to.equal('ACCESS_TOKEN_ALGORITHM');
        }
      });
    }

    it('is refused: HS256, with the text of a public key as the secret', () => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      for (const secret of [pem, JSON.stringify(RSA.jwk), String(RSA.jwk.n)]) {
        const signed = `${part(header({ alg: 'HS256', kid: 'r1' }))}.${part(payload)}`;
        const mac = createHmac('sha256', secret).update(signed).digest('base64url');
        expect(why(`${signed}.${mac}`)).to.equal('ACCESS_TOKEN_ALGORITHM');
      }
    });

    it('is refused: PS256 by a key for RS256, though RSA could do both', () => {
      const key = issuerKey('r1', 'PS256', RSA.privateKey);
      expect(why(key.sign())).to.equal('ACCESS_TOKEN_ALGORITHM');
    });

    it('is refused: ES256 and the name of an RSA key', () => {
      expect(why(KEY.sign({}, { kid: 'r1' }))).to.equal('ACCESS_TOKEN_ALGORITHM');
    });
  });

  describe('a token whose header offers a key', () => {
    let origin: Origin;
    before(async () => {
      origin = await startOrigin((_, res) => res.end(JSON.stringify({ keys: [evil.jwk] })));
    });
    after(() => origin.close());
    const evil = issuerKey('k1');

    for (const name of ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256']) {
      it(`is verified with the issuer's key all the same, and nothing is fetched: ${name}`, () => {
        const value = name === 'jwk' ? evil.jwk : name === 'x5c' ? [String(evil.jwk.x)] : `${origin.origin}/keys`;
        expect(why(evil.sign({}, { [name]: value }))).to.equal('ACCESS_TOKEN_SIGNATURE');
        expect(verify(KEY.sign({}, { [name]: value })).claims).to.deep.equal(CLAIMS);
        expect(origin.requests).to.deep.equal([]);
      });
    }
  });

  describe('a token whose header demands to be understood', () => {
    for (const [name, value] of [
      ['crit', ['exp']],
      ['crit', []],
      ['crit', ['http://example.com/unknown']],
      ['crit', null],
      ['b64', false],
      ['b64', true],
    ] as const) {
      it(`is refused: ${name} ${JSON.stringify(value)}`, () => {
        expect(why(KEY.sign({}, { [name]: value }))).to.equal(`header has the member "${name}".`);
      });
    }
  });

  describe('a signature', () => {
    it('of zeros is refused', () => {
      const [head, body] = cut(KEY.sign());
      for (const bytes of [
        Buffer.alloc(64),
        Buffer.alloc(64, 0xff),
        Buffer.alloc(0),
        Buffer.alloc(63),
        Buffer.alloc(65),
      ]) {
        expect(why(`${head}.${body}.${bytes.toString('base64url')}`)).to.equal('ACCESS_TOKEN_SIGNATURE');
      }
    });

    it('is spelled in one way: not with other unused bits, padding, line ends, or letters of another alphabet', () => {
      const [head, body, signature] = cut(KEY.sign());
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const respelled = signature.slice(0, -1) + letters[letters.indexOf(signature.at(-1) ?? '') ^ 1];
      expect(Buffer.from(respelled, 'base64url').equals(Buffer.from(signature, 'base64url'))).to.equal(true);
      for (const other of [
        respelled,
        `${signature}=`,
        `${signature}==`,
        `${signature}\n`,
        ` ${signature}`,
        `+${signature.slice(1)}`,
      ]) {
        expect(why(`${head}.${body}.${other}`)).to.equal('signature is not canonical base64url.');
      }
      expect(why(`${head}=.${body}.${signature}`)).to.equal('header is not canonical base64url.');
      expect(why(`${head}.${body}\n.${signature}`)).to.equal('payload is not canonical base64url.');
    });

    it('has a twin with ECDSA, (r, n - s), by which the token is known as what it is: by the same digest', () => {
      const token = KEY.sign({ jti: undefined });
      const lenient = verifierOf([KEY], { requiredClaims: [] });
      const [head, body, signature] = cut(token);
      const bytes = Buffer.from(signature, 'base64url');
      const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
      const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
      const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
      const other = `${head}.${body}.${twin.toString('base64url')}`;
      expect(other).not.to.equal(token);
      expect(lenient.verify(other).digest()).to.equal(lenient.verify(token).digest());
    });

    it('of DER, as other protocols write ECDSA, is refused', () => {
      const [head, body] = cut(KEY.sign());
      expect(why(`${head}.${body}.${Buffer.alloc(70, 0x30).toString('base64url')}`)).to.equal('ACCESS_TOKEN_SIGNATURE');
    });
  });

  describe('claims that could be read in two ways', () => {
    for (const [what, text, reason] of [
      ['a claim twice', payload.replace('{', '{"sub":"root",'), 'payload has the member "sub" twice.'],
      [
        'a claim twice, spelled in two ways',
        payload.replace('{', '{"s\\u0075b":"root",'),
        'payload has the member "sub" twice.',
      ],
      [
        '200 levels',
        payload.replace('}', `,"a":${'['.repeat(200)}${']'.repeat(200)}}`),
        'payload is nested too deeply.',
      ],
      ['no JSON', `${payload}x`, 'payload is not JSON.'],
      ['a list', `[${payload}]`, 'payload is not a JSON object.'],
      ['a byte order mark', `\uFEFF${payload}`, 'payload is not JSON.'],
    ] as const) {
      it(`are refused: ${what}`, () => expect(why(KEY.signRaw(header(), text))).to.equal(reason));
    }

    it('are refused: bytes that are no UTF-8', () => {
      const bytes = Buffer.from(payload.replace('ada', 'a\u0001a'), 'utf8').map((byte) => (byte === 1 ? 0xff : byte));
      expect(why(KEY.signRaw(header(), Buffer.from(bytes)))).to.equal('payload is not UTF-8.');
      const { claims } = verify(KEY.signRaw(header(), payload.replace('ada', 'a\ufffda')));
      expect(claims.sub).to.equal('auth0|a\ufffda'); // which is UTF-8
    });

    it('are refused: a header with a member twice', () => {
      expect(why(KEY.signRaw(header().replace('{', '{"alg":"none",'), payload))).to.equal(
        'header has the member "alg" twice.',
      );
    });
  });

  describe('a token that never ends, or begins later', () => {
    for (const [text, reason] of [
      ['1e400', 'its claim exp is not a time in seconds.'],
      ['-1', 'its claim exp is not a time in seconds.'],
      ['1e300', 'its claim exp is not a time in seconds.'],
      [`${NOW + 3600}000`, 'its claim exp is not a time in seconds.'],
      [`"${NOW + 3600}"`, 'its claim exp is not a time in seconds.'],
      ['null', 'its claim exp is not a time in seconds.'],
      ['true', 'its claim exp is not a time in seconds.'],
      [`${NOW - 5}`, 'ACCESS_TOKEN_EXPIRED'],
    ] as const) {
      it(`is refused: exp ${text}`, () => {
        expect(why(KEY.signRaw(header(), payload.replace(/"exp":\d+/, `"exp":${text}`)))).to.equal(reason);
      });
    }

    it('is refused: no exp', () => expect(why(KEY.sign({ exp: undefined }))).to.equal('ACCESS_TOKEN_CLAIM_MISSING'));

    it('is refused: issued an hour from now, which would place it after every revocation by time', () => {
      expect(refusalIn(() => verify(KEY.sign({ iat: NOW + 3600 })))).to.deep.equal({
        code: 'ACCESS_TOKEN_NOT_YET_VALID',
        message: 'The access token is not valid yet.',
        fix: undefined,
      });
    });

    it('is refused: six seconds before it is valid', () => {
      expect(why(KEY.sign({ nbf: NOW + 6 }))).to.equal('ACCESS_TOKEN_NOT_YET_VALID');
      expect(why(KEY.sign({ iat: NOW + 6 }))).to.equal('ACCESS_TOKEN_NOT_YET_VALID');
    });
  });

  describe('a token of somebody else, or for somebody else', () => {
    for (const iss of [
      ISSUER.slice(0, -1),
      ISSUER.toUpperCase(),
      `${ISSUER}a`,
      'https://login.example.com@evil.com/',
    ]) {
      it(`is refused: issuer ${iss}`, () => expect(why(KEY.sign({ iss }))).to.equal('ACCESS_TOKEN_ISSUER'));
    }
    for (const aud of [
      `${AUDIENCE}/`,
      AUDIENCE.slice(0, -1),
      AUDIENCE.toUpperCase(),
      [`${AUDIENCE} `],
      `${AUDIENCE} b`,
    ]) {
      it(`is refused: audience ${JSON.stringify(aud)}`, () =>
        expect(why(KEY.sign({ aud }))).to.equal('ACCESS_TOKEN_AUDIENCE'));
    }
    for (const aud of [[], {}, 7, '', [7], [[AUDIENCE]], [null], [AUDIENCE, null]]) {
      it(`is refused: audience ${JSON.stringify(aud)}, which names nobody`, () => {
        const known = Array.isArray(aud) && aud.length === 0 ? 'ACCESS_TOKEN_AUDIENCE' : 'its claim aud is not a text.';
        expect(why(KEY.sign({ aud }))).to.equal(known);
      });
    }
  });

  describe('an id that another program could take for another', () => {
    for (const [what, text] of [
      ['half a character', '"\\ud800"'],
      ['halves in the wrong order', '"a\\udc00\\ud800"'],
      ['NUL', '"a\\u0000b"'],
      ['a line end', '"a\\nb"'],
    ] as const) {
      for (const name of ['jti', 'sub', 'client_id']) {
        it(`is refused: ${name} with ${what}`, () => {
          const changed = payload.replace(new RegExp(`"${name}":"[^"]*"`), `"${name}":${text}`);
          expect(why(KEY.signRaw(header(), changed))).to.equal(`its claim ${name} has characters that cannot be read.`);
        });
      }
    }
    for (const jti of ['', 7, null, ['a1'], { a: 1 }]) {
      it(`is refused: jti ${JSON.stringify(jti)}`, () =>
        expect(why(KEY.sign({ jti }))).to.equal('its claim jti is not a text.'));
    }
    it('is not refused for letters of any language', () => {
      expect(verify(KEY.sign({ sub: 'Ада 🎈 é' })).claims.sub).to.equal('Ада 🎈 é');
    });
  });

  describe('a token that is large, or no token at all', () => {
    it('is refused by its length before anything is read of it, be it 24 MiB', () => {
      for (const token of ['a'.repeat(24 * 1024 * 1024), '.'.repeat(8193), `${'a.'.repeat(5000)}`]) {
        expect(why(token)).to.equal('it is longer than 8192 characters.');
      }
      expect(why(KEY.sign({}, { kid: 'k'.repeat(64 * 1024) }))).to.equal('it is longer than 8192 characters.');
    });

    for (const kid of ['../../dev/null', "' OR 1=1", '__proto__', 'constructor', 'k1\u0000', 'K1', '']) {
      it(`is refused: kid ${JSON.stringify(kid)}`, () =>
        expect(why(KEY.sign({}, { kid }))).to.equal('ACCESS_TOKEN_KEY_UNKNOWN'));
    }
    for (const kid of [7, null, ['k1'], { k: 1 }]) {
      it(`is refused: kid ${JSON.stringify(kid)}`, () => {
        expect(why(KEY.sign({}, { kid }))).to.equal('header has a kid that is not a text.');
      });
    }
    for (const [what, header] of [
      ['that expands to 200 MiB', { alg: 'dir', enc: 'A256GCM', zip: 'DEF' }],
      ['with a thousand million rounds of PBKDF2', { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2s: 'AA', p2c: 1e9 }],
      ['by RSA1_5, which tells by its errors what is in it', { alg: 'RSA1_5', enc: 'A128CBC-HS256' }],
    ] as const) {
      it(`is refused before anything is opened: encrypted text ${what}`, () => {
        const token = [Buffer.from(JSON.stringify(header)).toString('base64url'), 'AA', 'AA', 'AA', 'AA'].join('.');
        expect(why(token)).to.equal('it has 5 parts in place of 3.');
      });
    }
    for (const [token, reason] of [
      ['', 'it has 1 parts in place of 3.'],
      ['a.b.c.d.e', 'it has 5 parts in place of 3.'],
      ['..', 'header is not JSON.'],
      [undefined, 'it is not a text.'],
      [{}, 'it is not a text.'],
    ] as const) {
      it(`is refused: ${String(token) || 'nothing'}`, () => expect(why(token as string)).to.equal(reason));
    }
  });
});
