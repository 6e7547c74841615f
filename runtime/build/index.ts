export { type BuildOptions, type BuiltToken, buildTokens } from './build.ts';
export { writeTokens } from './write-tokens.ts';
