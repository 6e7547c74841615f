export { type DevServer, type DevServerOptions, startDevServer } from './dev-server.ts';
export { type Renewal, renewTokens } from './renew-tokens.ts';
export { type RunningServer, type ServerOptions, startServer } from './start.ts';
