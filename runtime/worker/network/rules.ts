import { networkInterfaces } from 'node:os';
import { isPublicAddress, networksNotPublic } from '../../code/index.ts';
import { GATEWAY, NAME_SERVER, type NetworkPolicy } from './policy.ts';

/** What a worker's packets are judged by. */
export interface RuleSettings {
  readonly policy: Exclude<NetworkPolicy, 'none'>;
  /** Port of the server's loopback address, UDP and TCP, that answers for names. */
  readonly namePort: number;
  /** What the machine itself has. */
  readonly ownAddresses: readonly string[];
}

/** Packets a second to the server, beyond which questions for names are lost. */
const QUESTIONS = 200;
/** Connections a second, beyond which packets are lost: TCP tries again. The kernel keeps each in its own memory. */
const CONNECTIONS = 100;
const CONNECTIONS_AT_ONCE = 500;

/**
 * Writes the rules of a worker's network as nft reads them: what is not allowed is refused, at once, so that nobody
 * waits for an answer that does not come.
 *
 * The loopback address in there is the worker's own, and nobody else's. A machine's own public addresses are those of
 * services that a firewall before it may hide: of them, only the ports of the web are the internet's.
 *
 * @see nft(8)
 */
export function networkRules({ policy, namePort, ownAddresses }: RuleSettings): string {
  return `table inet webtask {
  chain own_output {
    type filter hook output priority -300; policy accept;
    oifname "lo" notrack
  }
  chain own_input {
    type filter hook prerouting priority -300; policy accept;
    iifname "lo" notrack
  }
  chain names {
    type nat hook output priority -100; policy accept;
    ip daddr ${NAME_SERVER} meta l4proto { tcp, udp } th dport 53 dnat ip to ${GATEWAY}:${namePort}
  }
  chain output {
    type filter hook output priority 0; policy drop;
    oifname "lo" accept
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept
    ip daddr ${GATEWAY} meta l4proto { tcp, udp } th dport ${namePort} goto questions
    ${policy === 'public' ? refusals(ownAddresses.filter(isPublicAddress)).join('\n    ') : '# all that the server reaches'}
    ct state new limit rate over ${CONNECTIONS}/second burst ${CONNECTIONS_AT_ONCE} packets drop
    meta l4proto { tcp, udp } accept
    goto refuse
  }
  chain questions {
    limit rate over ${QUESTIONS}/second burst ${QUESTIONS} packets drop
    accept
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
  }
}
`;
}

function refusals(ownAddresses: readonly string[]): string[] {
  const { ipv4, ipv6 } = networksNotPublic();
  const own = [
    ['ip', ownAddresses.filter((it) => !it.includes(':'))],
    ['ip6', ownAddresses.filter((it) => it.includes(':'))],
  ] as const;
  return [
    // Names are asked for here only; encrypted, too (RFC 7858).
    'meta l4proto { tcp, udp } th dport { 53, 853 } goto refuse',
    `ip daddr { ${ipv4.join(', ')} } goto refuse`,
    `ip6 daddr { ${ipv6.join(', ')} } goto refuse`,
    ...own
      .filter(([, addresses]) => addresses.length > 0)
      .flatMap(([family, addresses]) => [
        `${family} daddr { ${addresses.join(', ')} } tcp dport { 80, 443 } accept`,
        `${family} daddr { ${addresses.join(', ')} } goto refuse`,
      ]),
  ];
}

/** Lists the addresses at which this machine is in a network, not only on a cable. */
export function machineAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}
