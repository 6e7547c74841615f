export { type CodeLoader, type CodeReference, createCodeLoader, type LoadedCode } from './cache.ts';
export { type FetchPolicy, fetchCode, parseCodeUrl } from './fetch.ts';
export { sha256Hex } from './hash.ts';
export { isPublicAddress, networksNotPublic } from './public-address.ts';
