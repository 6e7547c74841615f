export { type Attachable, attachNetwork, type NetworkSettings } from './attach-network.ts';
export { type NetworkPolicy, RESOLV_CONF } from './policy.ts';
export { probeNetwork } from './probe-network.ts';
export { isAlive, untilApart } from './until-apart.ts';
