import { expect } from 'chai';
import fc from 'fast-check';
import { WebtaskError } from '../../../runtime/errors.ts';
import { coversContainer, issueToken, type TokenClaims } from '../../../runtime/token/index.ts';
import { NOW } from '../../support/keys.ts';

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const names = fc.uniqueArray(fc.constantFrom('a1', 'a2', 'b1', 'b2'), { minLength: 1, maxLength: 3 });
const tens = fc.oneof(
  names.map((it) => it.join(',')),
  fc.constantFrom('/^a/', '/1$/', '/^[ab]2$/', '/(?=a)/', '/'),
);
const limits = fc.integer({ min: 0, max: 4 });
const requests = fc.record({
  ten: maybe(tens),
  dd: maybe(fc.integer({ min: -1, max: 4 })),
  exp: maybe(fc.integer({ min: NOW - 2, max: NOW + 2 })),
  nbf: maybe(fc.integer({ min: NOW - 2, max: NOW + 2 }).map(String)),
  url: maybe(fc.constantFrom('https://a.test/1.js', 'https://b.test/2.js')),
  url_sha256: maybe(fc.constantFrom('a'.repeat(64), 'b'.repeat(64))),
  code: maybe(fc.constantFrom('', 'return 1')),
  pctx: maybe(fc.constantFrom({ a: 1 }, { b: 1 })),
  ectx: maybe(fc.constantFrom({ A: '1' }, { B: '1' })),
  jtn: maybe(fc.constantFrom('pay', 'ship')),
  jtnm: maybe(fc.subarray(['pay', 'ship', 'x'])),
  meta: maybe(fc.constantFrom({ a: '1' }, { b: '1' })),
  pb: maybe(fc.constantFrom(0, 1, 2)),
  mb: maybe(fc.constantFrom(0, 1)),
  ls: maybe(limits),
  lo: maybe(limits),
  lts: maybe(limits),
});

/** Issues, with the seal and the URL of kept code as a server would put them in; `undefined` where it is refused. */
function issueOrRefuse(requested: Record<string, unknown>, parent: TokenClaims, jti: string): TokenClaims | undefined {
  try {
    const given = Object.fromEntries(Object.entries(requested).filter(([, value]) => value !== undefined));
    const { claims, secrets, code } = issueToken(given, parent, NOW);
    const ectx = secrets ? { ectx: JSON.stringify(secrets) } : parent.ectx ? { ectx: parent.ectx } : {};
    const url = code === undefined ? {} : { url: `webtask://localhost/api/data/code/${jti}` };
    return { jti, ...claims, ...ectx, ...url };
  } catch (error) {
    if (error instanceof WebtaskError && error.status === 400) return undefined;
    throw error;
  }
}

describe('no child ever has more than its parent', () => {
  it('whatever a line of descendants asks for', () => {
    fc.assert(
      fc.property(fc.array(requests, { minLength: 2, maxLength: 6 }), (line) => {
        let parent: TokenClaims = {};
        for (const [generation, requested] of line.entries()) {
          const child = issueOrRefuse(requested, parent, `jti${generation}`);
          if (!child) continue;
          for (const container of ['a1', 'a2', 'b1', 'b2', 'c']) {
            if (coversContainer(child.ten, container)) expect(coversContainer(parent.ten, container)).to.equal(true);
          }
          if (parent.dd !== undefined) expect(child.dd).to.be.below(parent.dd);
          if (parent.exp !== undefined) expect(child.exp).to.be.at.most(parent.exp);
          if (parent.nbf !== undefined) expect(child.nbf).to.be.at.least(parent.nbf);
          if (parent.jtnm !== undefined) expect(parent.jtnm).to.include.members([...(child.jtnm ?? ['*'])]);
          if (parent.jti !== undefined) expect(child.ca).to.deep.equal([...(parent.ca ?? []), parent.jti]);
          for (const kept of ['url', 'pctx', 'ectx', 'jtn', 'ls', 'lo'] as const) {
            if (parent[kept] !== undefined) expect(child[kept]).to.deep.equal(parent[kept]);
          }
          for (const kept of ['url_sha256', 'pb', 'mb', 'meta'] as const) {
            if (parent.url !== undefined) expect(child[kept]).to.deep.equal(parent[kept]);
          }
          parent = child;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('and what is asked for in any other form is refused in words, never with an accident', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('ten', 'dd', 'jtn', 'ectx', 'x', 'exp'), fc.jsonValue()),
        (requested) => {
          issueOrRefuse(requested as Record<string, unknown>, { jti: 'a', ten: '/^a/', dd: 3 }, 'b');
        },
      ),
    );
  });
});
