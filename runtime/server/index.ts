export { type DevServer, type DevServerOptions, startDevServer } from './dev-server.ts';
export { type RunningServer, type ServerOptions, startServer } from './start.ts';
