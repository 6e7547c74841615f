export { type DevServer, type DevServerOptions, startDevServer } from './dev-server.ts';
export { type LogLevel, type OperationLog, openOperationLog } from './operation-log.ts';
export type { ServerOptions } from './options.ts';
export { type Renewal, renewTokens } from './renew-tokens.ts';
export { type RunningServer, startServer } from './start.ts';
