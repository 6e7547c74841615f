export { type ParsedBody, parseBody, readBody, readWholeBody } from './body.ts';
export { type ContextParts, createContext } from './context.ts';
export type { CreatedToken, IssueForRun } from './create-token.ts';
export { maskSecrets } from './mask.ts';
export { maskCredentials } from './mask-credentials.ts';
export { maskRecord } from './mask-record.ts';
export { nearestName, type ReportMissing } from './missing.ts';
export { readQuery } from './query.ts';
export { createStorage, storageKey, type WebtaskStorage } from './storage.ts';
export type {
  PlatformParameters,
  WebtaskCallback,
  WebtaskContext,
  WebtaskFunction,
  WebtaskRequest,
  WebtaskResponse,
} from './types.ts';
