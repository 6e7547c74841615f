import { expect } from 'chai';
import fc from 'fast-check';
import {
  joinEntries,
  type NewRevocation,
  type RevocationEntry,
  toEntry,
} from '../../../../runtime/identity/revocation/entry.ts';
import { createKeys } from '../../../../runtime/identity/revocation/key.ts';
import { refusalIn } from '../../../support/refusal.ts';
import { ISS, NOW } from '../../../support/revocation.ts';

const keys = createKeys('acme');
const DIGEST = 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ';
const entryOf = (revocation: NewRevocation): RevocationEntry => toEntry(keys, revocation, NOW + 0.7);

describe('an entry', () => {
  it('says what is forbidden, until when, why, by whom and when, but not whom', () => {
    const id = 'user@example.com';
    const entry = entryOf({ kind: 'sid', iss: ISS, id, expires: NOW + 60.2, reason: 'left', source: 'admin' });
    expect(entry).to.deep.equal({
      kind: 'sid',
      key: keys('sid', ISS, id),
      expires: NOW + 61,
      reason: 'left',
      source: 'admin',
      at: NOW,
    });
    expect(JSON.stringify(entry)).to.not.include('example');
  });

  it('ends users, clients, issuers and tenants by time: of this second unless another is given', () => {
    const named: NewRevocation[] = [
      { kind: 'sub', iss: ISS, id: 'a' },
      { kind: 'client', iss: ISS, id: 'a' },
      { kind: 'issuer', iss: ISS },
      { kind: 'tenant' },
    ];
    for (const revocation of named) {
      expect(entryOf(revocation).notBefore).to.equal(NOW);
      expect(entryOf({ ...revocation, notBefore: NOW - 10.5 }).notBefore).to.equal(NOW - 11);
      expect(entryOf({ ...revocation, notBefore: NOW + 60 }).notBefore).to.equal(NOW + 60);
    }
  });

  it('knows a token without jti by its digest, which no jti is taken for', () => {
    const { key } = entryOf({ kind: 'jti', iss: ISS, digest: DIGEST });
    expect(key).to.equal(keys('digest', ISS, DIGEST));
    expect(entryOf({ kind: 'jti', iss: ISS, id: DIGEST }).key).to.not.equal(key);
  });

  for (const notBefore of [NOW + 62, NOW + 3600, 2 ** 53, Number.MAX_VALUE]) {
    it(`is refused where it is dated ahead (${notBefore}): it would lock everybody out until then`, () => {
      const hint = notBefore > 1e11 ? ', or milliseconds where seconds are meant' : '';
      expect(refusalIn(() => entryOf({ kind: 'tenant', notBefore }))).to.deep.equal({
        code: 'REVOCATION_DATED_AHEAD',
        message: `A revocation cannot be dated ${notBefore}, more than 60 s ahead${hint}: it would lock out who signs in until then.`,
        fix: 'Leave out notBefore to revoke what was issued until now.',
      });
    });
  }

  const wrong: readonly [string, object, string][] = [
    ['another kind', { kind: '__proto__', iss: ISS, id: 'a' }, 'there is no kind "__proto__"'],
    ['no kind', { iss: ISS, id: 'a' }, 'there is no kind undefined'],
    ['no issuer', { kind: 'jti', id: 'a' }, 'it needs the issuer, iss, which is a text'],
    ['no id', { kind: 'jti', iss: ISS }, 'the kind jti needs an id, a text of at most 8192 characters'],
    ['an empty id', { kind: 'sub', iss: ISS, id: '' }, 'the kind sub needs an id, a text of at most 8192 characters'],
    [
      'a list for an id',
      { kind: 'jti', iss: ISS, id: ['a'] },
      'the kind jti needs an id, a text of at most 8192 characters',
    ],
    [
      'an id of 8193',
      { kind: 'jti', iss: ISS, id: 'a'.repeat(8193) },
      'the kind jti needs an id, a text of at most 8192 characters',
    ],
    ['an id for an issuer', { kind: 'issuer', iss: ISS, id: 'a' }, 'the kind issuer takes no id'],
    ['an issuer for a tenant', { kind: 'tenant', iss: ISS }, 'a tenant has no issuer of its own'],
    [
      'id and digest',
      { kind: 'jti', iss: ISS, id: 'a', digest: DIGEST },
      'a digest stands in place of the id of a token',
    ],
    ['a digest of a user', { kind: 'sub', iss: ISS, digest: DIGEST }, 'a digest stands in place of the id of a token'],
    ['another digest', { kind: 'jti', iss: ISS, digest: 'abc' }, 'its digest is no SHA-256 in base64url'],
    [
      'a time for one token',
      { kind: 'jti', iss: ISS, id: 'a', notBefore: NOW },
      'the kind jti ends as a whole, and takes no notBefore',
    ],
    ['a time that is none', { kind: 'tenant', notBefore: Number.NaN }, 'its notBefore is no time in seconds'],
    ['a time of text', { kind: 'tenant', notBefore: '1' }, 'its notBefore is no time in seconds'],
    [
      'an end in milliseconds',
      { kind: 'jti', iss: ISS, id: 'a', expires: NOW * 1000 },
      'its expires is in milliseconds, where seconds are meant',
    ],
    [
      'an end that is none',
      { kind: 'jti', iss: ISS, id: 'a', expires: Number.POSITIVE_INFINITY },
      'its expires is no time in seconds',
    ],
    [
      'an end before its time',
      { kind: 'tenant', expires: NOW - 1 },
      'it would end before the tokens that it forbids were issued',
    ],
    ['a long reason', { kind: 'tenant', reason: 'a'.repeat(1025) }, 'its reason is no text of at most 1024 characters'],
  ];
  for (const [what, revocation, reason] of wrong) {
    it(`is refused with ${what}`, () => {
      expect(refusalIn(() => entryOf(revocation as NewRevocation))).to.deep.equal({
        code: 'REVOCATION_INVALID',
        message: `This cannot be revoked: ${reason}.`,
        fix: undefined,
      });
    });
  }
});

describe('joining entries', () => {
  const byTime = fc.record(
    {
      kind: fc.constant('sub' as const),
      key: fc.constant('k'),
      at: fc.integer({ min: 0, max: 3 }),
      notBefore: fc.integer({ min: 0, max: 3 }),
      expires: fc.integer({ min: 0, max: 5 }),
      reason: fc.constantFrom('a', 'b'),
    },
    { requiredKeys: ['kind', 'key', 'at', 'notBefore'] },
  );
  const joined = (entries: readonly RevocationEntry[]): RevocationEntry => entries.reduce(joinEntries);

  it('comes to the same in any order, with any repetition', () => {
    fc.assert(
      fc.property(fc.array(byTime, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat()), (entries, picks) => {
        const shuffled = [...entries, ...entries]
          .map((entry) => ({ entry, by: picks.next().value as number }))
          .sort((a, b) => a.by - b.by)
          .map(({ entry }) => entry);
        expect(joined(shuffled)).to.deep.equal(joined(entries));
      }),
    );
  });

  it('keeps the later time and the later end, of which never is the latest', () => {
    const a: RevocationEntry = { kind: 'sub', key: 'k', notBefore: 5, expires: 10, at: 1, reason: 'first' };
    const b: RevocationEntry = { kind: 'sub', key: 'k', notBefore: 7, expires: 9, at: 2, reason: 'second' };
    expect(joinEntries(a, b)).to.deep.equal({
      kind: 'sub',
      key: 'k',
      notBefore: 7,
      expires: 10,
      at: 2,
      reason: 'second',
    });
    const { expires: _, ...forEver } = a;
    expect(joinEntries(forEver, b)).to.not.have.property('expires');
  });
});
