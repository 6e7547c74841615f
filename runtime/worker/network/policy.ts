/**
 * Where the webtasks of a server may connect to: addresses of the public internet, what the server itself reaches, or
 * nowhere.
 */
export type NetworkPolicy = 'public' | 'all' | 'none';

/**
 * The network that a worker is in, as slirp4netns makes it: of the addresses for benchmarks (RFC 2544), so that it
 * hides no network that the server is in.
 */
export const NETWORK = '198.18.0.0/24';
/** Who there passes connections on; what is sent to it goes to the loopback address of the server. */
export const GATEWAY = '198.18.0.2';
/** Who there answers for names. */
export const NAME_SERVER = '198.18.0.3';

/** What a worker finds as `/etc/resolv.conf`. */
export const RESOLV_CONF = `nameserver ${NAME_SERVER}\noptions edns0\n`;
