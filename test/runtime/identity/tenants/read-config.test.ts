import { expect } from 'chai';
import { readTenants } from '../../../../runtime/identity/tenants/index.ts';
import { issuerKey } from '../../../support/access-token.ts';
import { acmeConfig } from '../../../support/identity.ts';
import { refusalIn } from '../../../support/refusal.ts';

const acme = (others: object) => ({ tenants: { acme: { ...acmeConfig(issuerKey('k1')), ...others } } });

describe('the file of tenants', () => {
  it('gives the settings of each', () => {
    const config = acme({});
    expect([...readTenants(config).entries()]).to.deep.equal(Object.entries(config.tenants));
  });

  const refused: [config: unknown, what: string, reason: string][] = [
    [[], 'the file', 'it is not an object'],
    [{}, 'tenants', 'it is not an object'],
    [{ tenants: {} }, 'tenants', 'there is none'],
    [{ tenants: {}, tenant: {} }, 'tenant', 'there is no such setting'],
    [{ tenants: { 'a/b': {} } }, 'tenants.a/b', 'its name is not 1 to 64 letters, digits, dots, dashes'],
    [{ tenants: { '..': {} } }, 'tenants...', 'its name is not 1 to 64 letters, digits, dots, dashes'],
    [acme({ audiance: 'x' }), 'tenants.acme.audiance', 'there is no such setting'],
    [acme({ clients: { a: 'secret' } }), 'tenants.acme.clients.a', 'it is not an object'],
    [
      acme({ clients: { a: { secretSha256: 'secret', scopes: ['revoke'] } } }),
      'tenants.acme.clients.a.secretSha256',
      'it is no SHA-256 in hexadecimal',
    ],
    [
      acme({ clients: { a: { secretSha256: '0'.repeat(64), scopes: ['everything'] } } }),
      'tenants.acme.clients.a.scopes',
      'it is not a list of revoke, revoke-any, introspect, feed',
    ],
    [
      acme({ clients: { a: { secretSha256: '0'.repeat(64), scopes: ['revoke'], secret: 'x' } } }),
      'tenants.acme.clients.a.secret',
      'there is no such setting',
    ],
    [acme({ signingKey: 5 }), 'tenants.acme.signingKey', 'it is not a text'],
    [acme({ statusLists: -1 }), 'tenants.acme.statusLists', 'it is no number from 0 to 1000'],
    [acme({ signingKey: undefined, statusLists: 1 }), 'tenants.acme.statusLists', 'there is no signingKey'],
  ];
  for (const [config, what, reason] of refused) {
    it(`is refused by the name of what is wrong: ${what}, ${reason}`, () => {
      expect(refusalIn(() => readTenants(config))).to.include({
        code: 'IDENTITY_CONFIG_INVALID',
        message: `The identity settings cannot be used: ${what}: ${reason}.`,
      });
    });
  }

  it('takes no number in quotes: to a time it would be appended, and every token be young', () => {
    for (const [setting, reason] of [
      ['clockTolerance', 'is not between 0 and 300 s'],
      ['maxTokenAge', 'is not a number of seconds above 0'],
    ] as const) {
      expect(refusalIn(() => readTenants(acme({ [setting]: '60' })))).to.include({
        code: 'VERIFIER_OPTION_INVALID',
        message: `No access token can be verified: the option ${setting} ${reason}.`,
      });
    }
  });
});
