export { type LogLevel, type OperationLog, openOperationLog } from './operation-log.ts';
export type { ServerOptions } from './options.ts';
export { type RunningServer, startServer } from './start.ts';
export { type Renewal, renewTokens } from './tokens/renew-tokens.ts';
