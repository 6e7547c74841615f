import { expect } from 'chai';
import { freezeDate } from '../../../../runtime/harness/index.ts';
import { createAuthorizer, type GuardOptions } from '../../../../runtime/identity/guard/authorize.ts';
import { issuerKey, verifierOf } from '../../../support/access-token.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { revocationOf } from '../../../support/revocation-checker.ts';

const KEY = issuerKey('k1');
const verifier = verifierOf([KEY]);
const BROKEN = new Error('the store is gone');

/** `yes`, or the code of the refusal. */
async function outcome(options: Partial<GuardOptions>): Promise<string> {
  const { authorize, authorizeNow } = createAuthorizer({ verifier, ...options });
  const presented = { authorization: [`Bearer ${KEY.sign()}`], url: '/' };
  // What is told at once is told in the same words.
  const answer = Promise.resolve()
    .then(() => authorizeNow(presented))
    .then((token) => token ?? authorize(presented));
  return answer.then(
    () => 'yes',
    async () => (await refusalOf(answer)).code,
  );
}

describe('whether a token is revoked', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  // What the check answers, what the store answers when it is asked, and the outcome for each policy.
  for (const [check, confirm, deny, confirmed, accepted] of [
    ['active', BROKEN, 'yes', 'yes', 'yes'],
    ['revoked', BROKEN, 'ACCESS_TOKEN_REVOKED', 'ACCESS_TOKEN_REVOKED', 'ACCESS_TOKEN_REVOKED'],
    ['unknown', 'active', 'ACCESS_TOKEN_REVOCATION_UNKNOWN', 'yes', 'yes'],
    ['unknown', 'revoked', 'ACCESS_TOKEN_REVOCATION_UNKNOWN', 'ACCESS_TOKEN_REVOKED', 'yes'],
    ['unknown', 'unknown', 'ACCESS_TOKEN_REVOCATION_UNKNOWN', 'ACCESS_TOKEN_REVOCATION_UNKNOWN', 'yes'],
    ['unknown', BROKEN, 'ACCESS_TOKEN_REVOCATION_UNKNOWN', 'ACCESS_TOKEN_REVOCATION_UNKNOWN', 'yes'],
    [BROKEN, 'active', ...Array(3).fill('ACCESS_TOKEN_REVOCATION_UNKNOWN')],
  ] as const) {
    it(`is answered ${check}, and ${confirm} by the store: never yes by default unless it is known`, async () => {
      const revocation = () => revocationOf(check, confirm);
      expect(await outcome({ revocation: revocation() })).to.equal(deny);
      expect(await outcome({ revocation: revocation(), unknown: 'deny' })).to.equal(deny);
      expect(await outcome({ revocation: revocation(), unknown: 'confirm' })).to.equal(confirmed);
      const loud = { revocation: revocation(), unknown: 'accept-possibly-revoked-tokens' } as const;
      expect(await outcome(loud)).to.equal(accepted);
    });
  }

  it('is looked at every time, also of a token that was just verified', async () => {
    const revocation = revocationOf('active');
    const { authorize } = createAuthorizer({ verifier, revocation });
    const presented = { authorization: [`Bearer ${KEY.sign()}`], url: '/' };
    for (let i = 0; i < 3; i++) await authorize(presented);
    expect(revocation.checks).to.equal(3);
    expect(revocation.confirms).to.equal(0);
  });

  it('is unknown where the store does not answer within two seconds', async () => {
    const revocation = { ...revocationOf('unknown'), confirm: () => new Promise<never>(() => undefined) };
    expect(await outcome({ revocation, unknown: 'confirm' })).to.equal('ACCESS_TOKEN_REVOCATION_UNKNOWN');
  });

  it('is told before whether it has the scopes', async () => {
    expect(await outcome({ revocation: revocationOf('revoked'), scopes: ['none'] })).to.equal('ACCESS_TOKEN_REVOKED');
  });
});
