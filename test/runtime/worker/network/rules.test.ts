import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { networkRules } from '../../../../runtime/worker/network/rules.ts';

describe('the rules of the network of a worker', () => {
  const rulesOf = (parts: Partial<Parameters<typeof networkRules>[0]>): string =>
    networkRules({ policy: 'public', namePort: 5300, ownAddresses: [], ...parts });

  it('are what nft understands, whatever addresses the machine has', function () {
    const settings: Parameters<typeof rulesOf>[0][] = [
      {},
      { policy: 'all' },
      { ownAddresses: ['93.184.216.34', '10.0.0.1', '2606:4700::1111'] },
    ];
    for (const parts of settings) {
      const { status, stderr } = spawnSync('nft', ['--check', '--file', '-'], { input: rulesOf(parts) });
      if (status === null || `${stderr}`.includes('Operation not permitted')) {
        console.log('      skipped: nft cannot be run here (apt-get install nftables, and as root)');
        this.skip();
      }
      expect(`${stderr}`).to.equal('');
    }
  });

  it('leave of the public addresses of the machine itself only the ports of the web: what else is there, a firewall may hide', () => {
    const lines = rulesOf({ ownAddresses: ['93.184.216.34', '10.0.0.1', '2606:4700::1111'] }).split('\n');
    expect(lines.filter((line) => /93\.184|2606/.test(line)).map((line) => line.trim())).to.deep.equal([
      'ip daddr { 93.184.216.34 } tcp dport { 80, 443 } accept',
      'ip daddr { 93.184.216.34 } goto refuse',
      'ip6 daddr { 2606:4700::1111 } tcp dport { 80, 443 } accept',
      'ip6 daddr { 2606:4700::1111 } goto refuse',
    ]);
  });

  it('refuse no address where the policy is all', () => {
    expect(rulesOf({ policy: 'all' })).not.to.contain('10.0.0.0/8');
  });
});
