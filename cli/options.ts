import { LIMIT_SETTINGS } from './limit-options.ts';
import {
  parseBaseUrl,
  parseCount,
  parseDomain,
  parseIsolation,
  parseList,
  parseLogLevel,
  parseMaxCode,
  parseNetwork,
  parseOrigins,
  parsePort,
  parseUsers,
} from './parse-settings.ts';
import type { Setting } from './setting.ts';

/** Every setting of the kit's programs that has a variable. */
export const SETTINGS = {
  port: {
    flag: '--port <n>',
    env: 'WEBTASK_PORT',
    default: 8721,
    parse: parsePort,
    help: 'port to listen on, 0 for any free one',
  },
  host: { flag: '--host <address>', env: 'WEBTASK_HOST', default: '127.0.0.1', help: 'address to listen on' },
  data: {
    flag: '--data <folder>',
    env: 'WEBTASK_DATA',
    default: '.webtask',
    help: 'folder of keys, tokens and storage',
  },
  limit: {
    flag: '--limit <ms>',
    env: 'WEBTASK_LIMIT_MS',
    default: 30_000,
    parse: parseCount,
    help: 'milliseconds until a webtask without an answer is cut off',
  },
  isolation: {
    flag: '--isolation <mode>',
    env: 'WEBTASK_ISOLATION',
    parse: parseIsolation,
    help: 'what webtasks run in: sandbox (a process for each container, shut in; by default where it can be had), process (the same with no wall), or inline (the process of the server)',
  },
  network: {
    flag: '--network <policy>',
    env: 'WEBTASK_NETWORK',
    default: 'public',
    parse: parseNetwork,
    help: 'where webtasks may connect to, unless they run inline: public (the internet, and no private or local address), all (what the server reaches, too), or none',
  },
  workerUsers: {
    flag: '--worker-users <first-last>',
    env: 'WEBTASK_WORKER_USERS',
    default: '200000-265535',
    parse: parseUsers,
    help: 'numbers of users that nothing else has, one for each worker in a sandbox, where the server is started as root',
  },
  url: {
    flag: '--url <url>',
    env: 'WEBTASK_URL',
    parse: parseBaseUrl,
    help: 'public base of the URLs that the server prints, where it is not where it listens',
  },
  runDomain: {
    flag: '--run-domain <domain>',
    env: 'WEBTASK_RUN_DOMAIN',
    parse: parseDomain,
    help: "domain under which each container's webtasks also are, at http://{container}.{domain}/{name}",
  },
  proveHosts: {
    flag: '--prove-hosts',
    env: 'WEBTASK_PROVE_HOSTS',
    help: 'a container claims a custom domain only where a TXT record webtask:container:NAME says it is its own',
  },
  trustProxy: {
    flag: '--trust-proxy <list>',
    env: 'WEBTASK_TRUST_PROXY',
    parse: parseList,
    help: 'addresses and networks of proxies, with commas between, whose X-Forwarded- headers are believed',
  },
  tlsCert: {
    flag: '--tls-cert <file>',
    env: 'WEBTASK_TLS_CERT',
    help: 'PEM file of a certificate with those that issued it, to serve https; read again on SIGHUP',
  },
  tlsKey: { flag: '--tls-key <file>', env: 'WEBTASK_TLS_KEY', help: 'PEM file of its private key' },
  maxCode: {
    flag: '--max-code <bytes>',
    env: 'WEBTASK_MAX_CODE_BYTES',
    default: 5 * 1024 * 1024,
    parse: parseMaxCode,
    help: 'largest code of a webtask, in bytes; 16777216 at most',
  },
  logJson: {
    flag: '--log-json',
    env: 'WEBTASK_LOG_JSON',
    help: 'log starts, stops and errors as JSON lines on standard error',
  },
  logLevel: {
    flag: '--log-level <level>',
    env: 'WEBTASK_LOG_LEVEL',
    default: 'info',
    parse: parseLogLevel,
    help: "with --log-json: error, info (also webtasks' errors), or debug (also callers')",
  },
  allowOrigin: {
    flag: '--allow-origin <origin>',
    env: 'WEBTASK_ALLOWED_ORIGINS',
    parse: parseOrigins,
    help: 'origin that code may be fetched from although it is not public; may be repeated',
  },
  container: {
    flag: '--container <name>',
    env: 'WEBTASK_CONTAINER',
    default: 'default',
    help: 'container that the token is good for',
  },
  cluster: {
    flag: '--cluster <url>',
    env: 'WEBTASK_CLUSTER',
    help: 'server that issues the tokens, in place of the keys of --data',
  },
  clusterToken: {
    flag: '--token <token>',
    env: 'WEBTASK_CLUSTER_TOKEN',
    help: "token that asks --cluster, or the cluster's master key",
  },
  server: {
    flag: '--server <url>',
    env: 'WEBTASK_SERVER',
    default: 'http://127.0.0.1:8721',
    help: 'server that the printed commands call',
  },
  token: {
    flag: '--token <token>',
    env: 'WEBTASK_TOKEN',
    help: "token that manages the container, or the server's master key",
  },
  signingKey: {
    env: 'WEBTASK_SIGNING_KEY',
    help: 'key that signs tokens, in place of the key file: PEM (RS256, ES256), or 32 bytes in base64url or hexadecimal (HS256)',
  },
  signingKeyId: { env: 'WEBTASK_SIGNING_KEY_ID', help: 'its kid; by default its thumbprint' },
  signingKeyContainers: {
    env: 'WEBTASK_SIGNING_KEY_CONTAINERS',
    help: 'containers that it may sign for, with commas between',
  },
  certificate: {
    flag: '--recipient <file>',
    env: 'WEBTASK_CERTIFICATE',
    help: 'certificate that secrets are sealed to: PEM, or the path of a PEM file',
  },
  certificateKey: { env: 'WEBTASK_CERTIFICATE_KEY', help: 'its private key, where sealed secrets are to be opened' },
  encryptionKey: {
    env: 'WEBTASK_ENCRYPTION_KEY',
    help: '32 bytes in base64url, for seals that only this cluster makes',
  },
  trustedKeys: {
    env: 'WEBTASK_TRUSTED_KEYS',
    help: 'path of a JWK set with public keys whose tokens are accepted too',
  },
  otherSigningKeys: {
    env: 'WEBTASK_OTHER_SIGNING_KEYS',
    help: 'former and next HS256 keys, whose tokens are accepted: KEY or KID:KEY, with commas between',
  },
  otherEncryptionKeys: {
    env: 'WEBTASK_OTHER_ENCRYPTION_KEYS',
    help: 'former and next encryption keys, which open and do not seal: KEY or KID:KEY, with commas between',
  },
  otherCertificates: {
    env: 'WEBTASK_OTHER_CERTIFICATES',
    help: 'former certificates with their private keys, which open and are not sealed to: PEM, or the path of a PEM file',
  },
  pkcs12Passphrase: {
    env: 'WEBTASK_PKCS12_PASSPHRASE',
    help: 'passphrase of the file that webtask keys export writes, in place of asking for it',
  },
  dynamodbTable: { env: 'WEBTASK_DYNAMODB_TABLE', help: 'DynamoDB table for storage, in place of the embedded store' },
  revocationUrl: {
    env: 'WEBTASK_REVOCATION_URL',
    help: 'webtask that keeps which tokens are revoked, in place of the store; one on this server with its key',
  },
  revocationContract: {
    env: 'WEBTASK_REVOCATION_CONTRACT',
    help: 'how it answers: marker (the header Revocation-Status, by default), or seed (200 and 404, as the original)',
  },
  codeStoreUrl: {
    env: 'WEBTASK_CODE_STORE_URL',
    help: 'webtask that keeps code and the tokens of names, in place of the store; one on this server with its key',
  },
  cronMissed: {
    env: 'WEBTASK_CRON_MISSED',
    help: 'what becomes of cron times at which no server ran: skip (by default), or once (one run for all of them)',
  },
  ...LIMIT_SETTINGS,
  cronUrl: {
    env: 'WEBTASK_CRON_URL',
    help: 'webtask that keeps cron jobs, in place of the store; its URL with its key where it asks for one',
  },
  identity: {
    flag: '--identity <file>',
    env: 'WEBTASK_IDENTITY',
    help: 'JSON file of the tenants whose access tokens are revoked here, at /api/identity/{tenant}',
  },
  metricsToken: {
    env: 'WEBTASK_METRICS_TOKEN',
    help: 'credential that /metrics can be read with, and nothing else; at least 16 characters',
  },
  testDynamodb: { env: 'WEBTASK_TEST_DYNAMODB', help: 'env: tests use the real table of .env, not an embedded one' },
} as const satisfies Record<string, Setting>;
