export { type BuildOptions, type BuiltToken, buildTokens, containerOf } from './build.ts';
export { loadBuildKeys } from './build-keys.ts';
export type { Cluster } from './cluster.ts';
export { writeTokens } from './write-tokens.ts';
