import { expect } from 'chai';
import fc from 'fast-check';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { freezeDate } from '../../../runtime/harness/index.ts';
import { ALGORITHMS, type AlgorithmName } from '../../../runtime/identity/algorithms.ts';
import { AUDIENCE, CLAIMS, ISSUER, type IssuerKey, issuerKey, verifierOf } from '../../support/access-token.ts';
import { NOW } from '../../support/keys.ts';

const NAMES = Object.keys(ALGORITHMS) as AlgorithmName[];
const KEYS = NAMES.map((alg) => issuerKey(alg, alg));
const RUNS = Number(process.env.WEBTASK_TEST_RUNS ?? 500);

const ours = verifierOf(KEYS, { algorithms: NAMES, requiredClaims: [] });
const joseKeys = createLocalJWKSet({ keys: KEYS.map(({ jwk }) => jwk) } as unknown as JSONWebKeySet); // as jose types it

const isOurs = (token: string): boolean => {
  try {
    ours.verify(token);
    return true;
  } catch {
    return false;
  }
};
const isJoses = (token: string): Promise<boolean> =>
  jwtVerify(token, joseKeys, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: NAMES,
    typ: 'at+jwt',
    clockTolerance: 5,
    currentDate: new Date(NOW * 1000),
  }).then(
    () => true,
    () => false,
  );

const key = fc.constantFrom(...KEYS);
const someKey = (token: (key: IssuerKey) => fc.Arbitrary<string>) => key.chain(token);

/** Values that a claim or a member of a header may be given, good ones among them. */
const value = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1e300, NOW, NOW + 5, NOW + 6, NOW - 5, NOW - 4, NOW + 0.5, true),
  fc.constantFrom<unknown>(ISSUER, AUDIENCE, [AUDIENCE], ['x', AUDIENCE], [], {}, 'at+jwt', 'JWT', ...NAMES, 'none'),
  fc.jsonValue({ maxDepth: 2 }),
);
const members = (names: readonly string[]) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 });

/** Signed properly, so that only what they say can be wrong. */
const signed = someKey((it) =>
  fc
    .tuple(
      members(['iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'jti', 'scope', 'cnf']),
      members(['alg', 'typ', 'kid', 'crit', 'b64', 'jku', 'jwk', 'cty', 'zip']),
    )
    .map(([claims, header]) => it.sign(claims, header)),
);

/** Signed properly over texts that are nearly JSON. */
const spelled = someKey((it) =>
  fc
    .tuple(
      fc.constantFrom('', ' ', '\n', '\u00a0', '\0', '{', '"sub":1,', '"exp":1e400,', '"aud":[],', '\\u0000', '[]'),
      fc.nat(60),
      fc.boolean(),
    )
    .map(([text, place, isHeader]) => {
      const insert = (into: string) => into.slice(0, place) + text + into.slice(place);
      const header = JSON.stringify({ alg: it.jwk.alg, typ: 'at+jwt', kid: it.jwk.kid });
      const payload = JSON.stringify(CLAIMS);
      return isHeader ? it.signRaw(insert(header), payload) : it.signRaw(header, insert(payload));
    }),
);

/** Good ones, changed after they were signed: letters put in, taken out or replaced, parts of others. */
const tampered = someKey((it) => {
  const token = it.sign();
  const letters = fc.constantFrom('', '.', '=', '\n', ' ', 'A', 'B', 'Q', 'w', '_', '-', '+', '/', 'é', '\0');
  const place = fc.oneof(fc.nat(token.length), fc.constantFrom(0, token.length, token.length - 1));
  return fc
    .tuple(place, fc.constantFrom(0, 1), letters)
    .map(([at, removed, put]) => token.slice(0, at) + put + token.slice(at + removed));
});

/** Parts of different tokens, of different keys. */
const mixed = fc.tuple(key, key, key).map(([a, b, c]) => {
  const [header] = a.sign().split('.');
  const [, payload] = b.sign({ sub: 'root' }).split('.');
  return `${header}.${payload}.${c.sign().split('.')[2]}`;
});

describe('of two that verify tokens, this one', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  for (const [what, tokens] of [
    ['say something unusual', signed],
    ['are spelled in an unusual way', spelled],
    ['were changed after they were signed', tampered],
    ['are put together from others', mixed],
  ] as const) {
    it(`accepts nothing that jose refuses, among tokens that ${what}`, async function () {
      this.timeout(120_000);
      let accepted = 0;
      await fc.assert(
        fc.asyncProperty(tokens, async (token) => {
          if (!isOurs(token)) return;
          accepted += 1;
          expect(await isJoses(token), token).to.equal(true);
        }),
        { numRuns: RUNS },
      );
      // Otherwise nothing would have been compared: of each kind but the last some are good.
      if (tokens !== mixed) expect(accepted).to.be.greaterThan(RUNS / 200);
    });
  }

  it('accepts what jose accepts where nothing about it is unusual', async () => {
    for (const it of KEYS) {
      const token = it.sign();
      expect([isOurs(token), await isJoses(token)]).to.deep.equal([true, true]);
    }
  });
});
