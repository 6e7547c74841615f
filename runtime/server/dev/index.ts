export { type DevRunner, type DevRunnerParts, openDevRunner } from './dev-runner.ts';
export { type DevServer, type DevServerOptions, startDevServer } from './dev-server.ts';
