import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { readTenants } from '../../runtime/identity/index.ts';

const PAGE = readFileSync(new URL('../../docs/revocation-endpoints.md', import.meta.url), 'utf8');

describe('docs/revocation-endpoints.md', () => {
  it('shows a file of tenants that is read as it is', () => {
    const [, config = ''] = /```json\n(.*?)```/s.exec(PAGE) ?? [];
    expect([...readTenants(JSON.parse(config)).keys()]).to.deep.equal(['acme']);
  });

  it('names every setting of a tenant', () => {
    const [, config = ''] = /```json\n(.*?)```/s.exec(PAGE) ?? [];
    const { acme } = JSON.parse(config).tenants;
    for (const name of [
      ...Object.keys(acme),
      'jwksUri',
      'jwks',
      'algorithms',
      'clockTolerance',
      'requiredClaims',
      'typ',
    ]) {
      expect(PAGE).to.include(`\`${name}\``);
    }
  });
});
