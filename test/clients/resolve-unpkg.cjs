// Loaded before the client: connections to unpkg.com go to the stand-in on loopback. The name stays, and with it the
// check of the certificate.
const { Agent } = require('node:https');

const { createConnection } = Agent.prototype;
Agent.prototype.createConnection = function (options, ...rest) {
  const isUnpkg = options.host === 'unpkg.com';
  const address = { host: '127.0.0.1', port: Number(process.env.UNPKG_PORT), servername: 'unpkg.com' };
  return createConnection.call(this, isUnpkg ? { ...options, ...address } : options, ...rest);
};
