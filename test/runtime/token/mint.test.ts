import { expect } from 'chai';
import { mintToken, verifyToken } from '../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const KEYS = keySet([hmacKey('k1')]);

/** The claims of a minted token, without its id. */
function minted(options: Parameters<typeof mintToken>[0]) {
  const { jti, ...claims } = verifyToken(mintToken(options, KEYS, NOW + 0.7), KEYS, NOW);
  expect(jti).to.match(/^[0-9a-f]{32}$/);
  return claims;
}

describe('a token that is minted for a container', () => {
  it('is good for that container, issues no tokens and never expires, where nothing else is asked for', () => {
    expect(minted({ container: 'shop' })).to.deep.equal({ iat: NOW, ten: 'shop', dd: 0 });
  });

  it('expires when asked to, counted from the whole second in which it was minted', () => {
    expect(minted({ container: 'shop', expiresIn: 60 })).to.deep.equal({ iat: NOW, ten: 'shop', dd: 0, exp: NOW + 60 });
  });

  it('issues as many generations as asked for', () => {
    expect(minted({ container: 'shop', delegationDepth: 2 })).to.deep.equal({ iat: NOW, ten: 'shop', dd: 2 });
  });

  it('is refused with a container, a depth or a time that no token has', () => {
    for (const [options, claim, type] of [
      [{ container: '' }, 'ten', 'container name, comma list or regular expression'],
      [{ container: 'my shop' }, 'ten', 'container name, comma list or regular expression'],
      [{ container: 'shop', delegationDepth: -1 }, 'dd', 'whole number'],
      [{ container: 'shop', delegationDepth: Number.NaN }, 'dd', 'whole number'],
      [{ container: 'shop', expiresIn: 999_999_999 * 86_400 }, 'exp', 'whole number of seconds'],
    ] as const) {
      expect(refusalIn(() => mintToken(options, KEYS, NOW))).to.deep.equal({
        code: 'TOKEN_CLAIM_TYPE',
        message: `claim \`${claim}\` must be of type \`${type}\``,
        fix: undefined,
      });
    }
  });

  it('is refused where the key is not for that container', () => {
    const limited = keySet([{ ...hmacKey('ci'), containers: ['shop'] }]);
    expect(refusalIn(() => mintToken({ container: 'books' }, limited, NOW))).to.deep.equal({
      code: 'TOKEN_KEY_CONTAINER',
      message: 'The key ci signs tokens of these containers only: shop.',
      fix: undefined,
    });
  });
});
