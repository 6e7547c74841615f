export type { Cgroup, Controller } from './cgroup.ts';
export { type Cgroups, openCgroups } from './open-cgroups.ts';
