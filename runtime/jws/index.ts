export { decodeBase64url } from './base64url.ts';
export { type CompactJws, parseCompact } from './compact.ts';
export type { Refuse } from './refuse.ts';
export { parseStrictObject } from './strict-json.ts';
