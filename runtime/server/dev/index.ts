export { type DevRunner, type DevRunnerParts, type DevWebtask, openDevRunner, type RunOnce } from './dev-runner.ts';
export { type DevServer, type DevServerOptions, startDevServer } from './dev-server.ts';
