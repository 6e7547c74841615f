import { expect } from 'chai';
import fc from 'fast-check';
import { WebtaskError } from '../../../runtime/errors.ts';
import { MAX_TOKEN_LENGTH, parseToken, signToken, verifyToken } from '../../../runtime/token/index.ts';
import { ecKey, hmacKey, keySet, NOW, part, rsaKey, signByHand } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const HMAC = hmacKey('k1');
const KEYS = keySet([HMAC]);
const HEADER = '{"alg":"HS256","kid":"k1"}';
const PAYLOAD = '{"ten":"shop"}';

/** Every token here has a signature that holds, so that nothing but its form can refuse it. */
const signed = (header: string | Buffer, payload: string | Buffer = PAYLOAD) =>
  signByHand(part(header), part(payload), HMAC.verifyWith);
const verify = (token: string) => verifyToken(token, KEYS, NOW);

function expectMalformed(token: string, reason: string): void {
  const refusal = { code: 'TOKEN_MALFORMED', message: `malformed JWT token: ${reason}`, fix: undefined };
  expect(refusalIn(() => verify(token))).to.deep.equal(refusal);
  expect(refusalIn(() => parseToken(token))).to.deep.equal(refusal);
}

describe('a token that is spelled in another way, though its signature holds', () => {
  it('would otherwise be accepted', () => {
    expect(verify(signed(HEADER))).to.deep.equal({ ten: 'shop' });
  });

  for (const text of ['', 'a', 'a.b', `${signed(HEADER)}.`, `${signed(HEADER)}.a.b`, `.${signed(HEADER)}`, '..']) {
    const parts = text.split('.').length;
    it(`is refused with ${parts === 3 ? 'empty' : parts} parts (${text.length} characters)`, () => {
      expectMalformed(text, parts === 3 ? 'header is not JSON' : `it has ${parts} parts in place of 3`);
    });
  }

  it('is refused with blanks or line ends around it', () => {
    const token = signed(HEADER);
    for (const blank of [' ', '\n', '\r\n', '\t', '\u00a0', '\u200b', '\ufeff', '\0']) {
      expectMalformed(`${token}${blank}`, 'signature is not canonical base64url');
      expectMalformed(`${blank}${token}`, 'header is not canonical base64url');
    }
  });

  it('is refused with padding, the other alphabet, stray bits or blanks in any of its parts', () => {
    // Of these texts each part has a length that leaves bits over, and letters that the alphabets spell differently.
    const [header = '', payload = '', signature = ''] = signByHand(
      part('{"alg":"HS256","kid":"k~~~~?"}'),
      part('{"ten":"a~?>~?>"}'),
      'x',
    ).split('.');
    const names = ['header', 'payload', 'signature'];
    for (const [index, text] of [header, payload, signature].entries()) {
      const last = text.at(-1) ?? '';
      const stray = String.fromCharCode(last.charCodeAt(0) + 1);
      for (const other of [
        `${text}=`,
        `${text}==`,
        `${text.slice(0, -1)}${stray}`,
        `${text.slice(0, 4)}\n${text.slice(4)}`,
        `${text.slice(0, 4)} ${text.slice(4)}`,
        `${text}A\u0100`,
      ]) {
        const parts = [header, payload, signature];
        parts[index] = other;
        const { message } = refusalIn(() => parseToken(parts.join('.')));
        expect(message, other).to.equal(`malformed JWT token: ${names[index]} is not canonical base64url`);
      }
    }
    const plus = signByHand(
      part('{"alg":"HS256","kid":"k~~"}').replace('-', '+').replace('_', '/'),
      part(PAYLOAD),
      HMAC.verifyWith,
    );
    expect(plus).to.match(/[+/]/);
    expectMalformed(plus, 'header is not canonical base64url');
  });

  it('is refused where it is longer than any that is minted', () => {
    const sized = (length: number) => signed(HEADER, `{"pctx":{"a":"${'x'.repeat(length)}"}}`);
    expect(sized(10_675)).to.have.length(MAX_TOKEN_LENGTH);
    expect(verify(sized(10_675))).to.have.property('pctx');
    expectMalformed(sized(10_676), 'it is longer than 14336 characters');
    expectMalformed('.'.repeat(1e6), 'it is longer than 14336 characters');
  });

  it('is refused where its bytes are no UTF-8', () => {
    const bad = (text: string, bytes: number[]) =>
      Buffer.from(text.replace('?', Buffer.from(bytes).toString('latin1')), 'latin1');
    for (const bytes of [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      expectMalformed(signed(HEADER, bad('{"ten":"?"}', bytes)), 'payload is not UTF-8');
      expectMalformed(signed(bad('{"alg":"HS256","kid":"?"}', bytes)), 'header is not UTF-8');
    }
    expectMalformed(signed(Buffer.from(HEADER, 'utf16le')), 'header is not JSON');
    expectMalformed(signed(HEADER, `\ufeff${PAYLOAD}`), 'payload is not JSON');
  });
});

describe('the header of a token', () => {
  for (const [member, value] of Object.entries({
    typ: 'JWT',
    crit: ['b64'],
    b64: false,
    jku: 'https://example.com/keys',
    jwk: { kty: 'oct', k: 'a2tr' },
    x5u: 'https://example.com/certificate',
    x5c: ['MIIB'],
    x5t: 'a',
    'x5t#S256': 'a',
    cty: 'JWT',
    zip: 'DEF',
    enc: 'A256GCM',
    KID: 'k1',
    '': 1,
  })) {
    it(`is refused with the member "${member}": nothing here follows what a header asks for`, () => {
      const header = JSON.stringify({ alg: 'HS256', kid: 'k1', [member]: value });
      expectMalformed(signed(header), `header has the member "${member}"`);
    });
  }

  it('is refused with a member that every object has', () => {
    expectMalformed(signed('{"alg":"HS256","kid":"k1","__proto__":{}}'), 'header has the member "__proto__"');
  });

  it('is refused without alg or kid, or with others than texts', () => {
    for (const header of [
      '{}',
      '{"alg":"HS256"}',
      '{"kid":"k1"}',
      '{"alg":"HS256","kid":1}',
      '{"alg":null,"kid":"k1"}',
      '{"alg":["HS256"],"kid":"k1"}',
    ]) {
      expectMalformed(signed(header), 'header lacks alg or kid');
    }
  });

  it('is refused with a member twice, in whatever spelling', () => {
    expectMalformed(signed('{"alg":"none","kid":"k1","alg":"HS256"}'), 'header has the member "alg" twice');
    expectMalformed(signed('{"alg":"HS256","kid":"k0","\\u006bid":"k1"}'), 'header has the member "kid" twice');
  });

  it('is refused where it is no object', () => {
    expectMalformed(signed('[]'), 'header is not a JSON object');
    expectMalformed(signed('null'), 'header is not a JSON object');
  });
});

describe('the payload of a token', () => {
  it('is refused with a member twice, at any depth, in whatever spelling', () => {
    expectMalformed(signed(HEADER, '{"ten":"shop","ten":"other"}'), 'payload has the member "ten" twice');
    expectMalformed(signed(HEADER, '{"ten":"shop","t\\u0065n":"other"}'), 'payload has the member "ten" twice');
    expectMalformed(signed(HEADER, '{"pctx":{"a":[{"b":1,"\\u0062":2}]}}'), 'payload has the member "b" twice');
  });

  it('is refused where it is no object or nested too deeply', () => {
    expectMalformed(signed(HEADER, '"shop"'), 'payload is not a JSON object');
    expectMalformed(signed(HEADER, ''), 'payload is not JSON');
    expectMalformed(signed(HEADER, `{"pctx":${'{"a":'.repeat(8)}1${'}'.repeat(8)}}`), 'payload is nested too deeply');
    expectMalformed(signed(HEADER, '['.repeat(10_000)), 'payload is not JSON');
  });

  it('is refused with times that are not whole and finite', () => {
    for (const claim of ['exp', 'nbf', 'iat']) {
      for (const value of [
        '1.5',
        '-1',
        '1e400',
        '-1e400',
        '"1900000000"',
        'null',
        'true',
        '[1900000000]',
        '9007199254740993',
        '8640000000001',
      ]) {
        expectMalformed(
          signed(HEADER, `{"${claim}":${value}}`),
          `claim \`${claim}\` must be of type \`whole number of seconds\``,
        );
      }
      expectMalformed(signed(HEADER, `{"${claim}":NaN}`), 'payload is not JSON');
      expectMalformed(signed(HEADER, `{"${claim}":Infinity}`), 'payload is not JSON');
    }
  });

  it('is refused with a claim that is unknown', () => {
    expectMalformed(signed(HEADER, '{"aud":"shop"}'), 'unsupported claim `aud`');
    expectMalformed(signed(HEADER, '{"__proto__":{"ten":"shop"}}'), 'unsupported claim `__proto__`');
  });
});

describe('a token that was changed in any place', () => {
  const CLAIMS = { jti: '0123456789abcdef0123456789abcdef', iat: NOW, ten: 'shop', pctx: { a: '€' } };

  for (const key of [HMAC, rsaKey('r1'), ecKey('e1')]) {
    const keys = keySet([key]);
    const token = signToken(CLAIMS, keys, NOW);
    const other = signToken({ ...CLAIMS, ten: 'books' }, keys, NOW);

    it(`is never accepted (${key.algorithm})`, () => {
      const char = fc.oneof(
        {
          weight: 8,
          arbitrary: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
        },
        { weight: 2, arbitrary: fc.constantFrom('.', '=', '+', '/', ' ', '\n', '\0') },
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      );
      const at = fc.nat(token.length);
      const mutation = fc.oneof(
        fc.tuple(at, char).map(([i, c]) => token.slice(0, i) + c + token.slice(i + 1)),
        fc.tuple(at, char).map(([i, c]) => token.slice(0, i) + c + token.slice(i)),
        fc.tuple(at, fc.integer({ min: 1, max: 8 })).map(([i, n]) => token.slice(0, i) + token.slice(i + n)),
        fc.tuple(at, at).map(([i, j]) => token.slice(0, i) + token.slice(j)),
        fc.tuple(at, fc.nat(other.length)).map(([i, j]) => token.slice(0, i) + other.slice(j)),
        fc
          .shuffledSubarray(token.split('.').concat(other.split('.')), { minLength: 3, maxLength: 3 })
          .map((it) => it.join('.')),
        at.map((i) => token.slice(0, i) + (token[i] ?? '').toLowerCase() + token.slice(i + 1)),
      );
      fc.assert(
        fc.property(mutation, (text) => {
          fc.pre(text !== token && text !== other);
          let code: string | undefined;
          try {
            verifyToken(text, keys, NOW);
          } catch (error) {
            code = error instanceof WebtaskError ? error.code : String(error);
          }
          expect(code).to.be.oneOf(['TOKEN_MALFORMED', 'TOKEN_KEY_UNKNOWN', 'TOKEN_SIGNATURE']);
        }),
        { numRuns: 2000 },
      );
    });
  }
});
