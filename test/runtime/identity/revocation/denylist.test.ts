import { expect } from 'chai';
import { createDenylist } from '../../../../runtime/identity/revocation/denylist.ts';
import { createKeys } from '../../../../runtime/identity/revocation/key.ts';
import { createMatcher } from '../../../../runtime/identity/revocation/match.ts';
import { ISS, NOW, verified } from '../../../support/revocation.ts';

describe('the kinds of entries that a denylist has', () => {
  const keys = createKeys('acme');
  const now = (): number => NOW;
  const sub = { kind: 'sub', key: keys('sub', ISS, 'user 1'), notBefore: NOW, expires: NOW + 60 } as const;
  const jti = { kind: 'jti', key: keys('jti', ISS, 'token 1'), expires: NOW + 60 } as const;

  it('are those that were added, in one list as long as no other comes, since nothing else is looked for', () => {
    const denylist = createDenylist(now);
    const { match } = createMatcher(keys, denylist);
    expect(match(verified(), NOW)).to.equal(undefined);
    denylist.add(sub);
    expect(match(verified(), NOW)).to.equal('sub');
    const kinds = denylist.kinds();
    denylist.add(sub);
    expect(denylist.kinds()).to.equal(kinds);
    denylist.add(jti);
    expect(denylist.kinds()).to.deep.equal(['sub', 'jti']);
    expect(match(verified({ sub: 'user 2', jti: 'token 1' }), NOW)).to.equal('jti');
  });

  it('are those of another one that it goes on with, before anything is added', () => {
    const one = createDenylist(now);
    one.add(sub);
    const two = createDenylist(now, { parts: one.table().parts(), ends: one.ends() });
    expect(two.kinds()).to.deep.equal(['sub']);
    expect(createMatcher(keys, two).match(verified(), NOW)).to.equal('sub');
  });

  it('are none once it has forgotten everything, and again those that are added', () => {
    const denylist = createDenylist(now);
    const { match } = createMatcher(keys, denylist);
    denylist.add(sub);
    expect(match(verified(), NOW)).to.equal('sub');
    denylist.clear();
    expect(denylist.kinds()).to.deep.equal([]);
    expect(match(verified(), NOW)).to.equal(undefined);
    denylist.add(sub);
    expect(match(verified(), NOW)).to.equal('sub');
  });
});
